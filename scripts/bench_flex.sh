# shellcheck shell=bash disable=SC2154  # root, home and build are set by run
# ./run bench flex: flex::attention beside PyTorch's CPU kernels. PyTorch is installed once, into $CHORUS_HOME/peers; with
# --no-peers it is not needed. CHORUS_TORCH_INDEX names another package index, such as PyTorch's own of CPU builds, which are a
# tenth of the usual ones. Sourced by run.

peer_torch=2.9.1

need_torch() {
  local python=$home/peers/venv/bin/python
  [ -x "$python" ] || python3 -m venv "$home/peers/venv" >&2 || die "python3 could not make $home/peers/venv"
  "$python" -c "import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != '$peer_torch')" 2>/dev/null && return 0
  say "installing PyTorch $peer_torch into $home/peers/venv"
  "$python" -m pip install -q ${CHORUS_TORCH_INDEX:+--index-url "$CHORUS_TORCH_INDEX"} "torch==$peer_torch" numpy </dev/null >&2 ||
    die "pip could not install PyTorch; see above"
}

bench_flex() {
  set_up flex_attention_bench
  local python=python3
  case " $* " in
    *" --no-peers "* | *" --help "* | *" -h "*) ;;
    *) need_torch && python=$home/peers/venv/bin/python ;;
  esac
  exec "$python" "$root/bench/flex_attention.py" --program "$build/bench/flex_attention_bench" "$@"
}
