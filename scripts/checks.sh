# shellcheck shell=bash disable=SC2154  # root, home and build are set by run
# The checks of the project on itself, one function for each verb of ./run. Sourced by run.

cpp_files() { git -C "$root" ls-files -z -- '*.h' '*.cc' '*.cu' '*.cuh'; }

need_tools() {
  mkdir -p "$home"
  need_packages "$root/scripts/packages-ci.txt"
}

check_format() {
  need_tools
  if [ "${1:-}" != --check ]; then
    (cd "$root" && cpp_files | xargs -0 -r clang-format -i)
    return
  fi
  local file unformatted=0
  while IFS= read -r -d '' file; do
    clang-format --dry-run -Werror "$root/$file" 2>/dev/null && continue
    echo "$file: not formatted; ./run format does it"
    unformatted=1
  done < <(cpp_files)
  return $unformatted
}

check_layers() { python3 "$root/scripts/check_layers.py" "$root"; }

check_readme() {
  set_up chorus
  python3 "$root/scripts/check_readme.py" "$@"
}

# The C++ files of src, bench and examples that changed since BASE and that the build compiles. Bounded: what is not begun
# after CHORUS_TIDY_SECONDS (default 240) is named and left for the next time.
check_tidy() {
  need_tools
  set_up none
  local base=${1:-} folder=$root/build-tidy changed
  [ -n "$base" ] || base=$(tidy_base)
  configure release "$folder" -DCHORUS_TESTS=ON -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DCMAKE_CXX_COMPILER_LAUNCHER=
  # the newest first, for time may run out
  changed=$(git -C "$root" diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'src/*.h' 'bench/*.cc' 'examples/*.cc' |
    while read -r file; do echo "$(git -C "$root" log -1 --format=%ct -- "$file") $file"; done | sort -rn | cut -d' ' -f2)
  [ -n "$changed" ] || { say "tidy: no C++ file changed since $base"; return 0; }
  say "tidy: $(wc -l <<<"$changed") files changed since $base"
  python3 "$root/scripts/tidy.py" "$root" "$folder" "${CHORUS_TIDY_SECONDS:-240}" <<<"$changed"
}

# Where the branch left main; on main itself twenty commits back, or the beginning.
tidy_base() {
  local branch fork head count
  head=$(git -C "$root" rev-parse HEAD)
  for branch in origin/main main; do
    fork=$(git -C "$root" merge-base "$branch" HEAD 2>/dev/null) || continue
    [ "$fork" = "$head" ] || { echo "$fork"; return; }
  done
  count=$(git -C "$root" rev-list --first-parent --count HEAD)
  if [ "$count" -gt 20 ]; then echo 'HEAD~20'; else git -C "$root" hash-object -t tree /dev/null; fi
}

# The unit tests with the sanitizers' instrumentation; --all: the tests of the whole program too. A room's tests run in one
# process, for instrumented programs are slow to start. What fontconfig keeps for the life of a process is not ours to free.
check_sanitize() {
  set_up none try
  local folder=$root/build-asan rooms='core flex text data model engine ensemble eval report' room failed=0
  configure asan "$folder"
  if [ "${1:-}" = --all ]; then shift && rooms+=' cli' && compile "$folder" all; else compile "$folder" unit_tests; fi
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
  export LSAN_OPTIONS=suppressions=$root/scripts/lsan.txt:print_suppressions=0
  tr ' ' '\n' <<<"$rooms" | xargs -P "$(nproc)" -I{} sh -c \
    'cd "$0/tests" && { "./{}_tests" "$@" >"{}.log" 2>&1 || echo "{}" >>"$0/failed"; }' "$folder" --gtest_brief=1 "$@"
  for room in $rooms; do
    echo "-- $room" && cat "$folder/tests/$room.log"
    grep -qx "$room" "$folder/failed" 2>/dev/null && failed=1
  done
  rm -f "$folder/failed"
  return $failed
}
