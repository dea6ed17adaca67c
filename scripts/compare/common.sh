# shellcheck shell=bash disable=SC2034  # what is set here is for the scripts that source this
# For scripts/compare/*: where things are, and what they need. These are tools for developers; no test and no user's
# command runs them. Peers live in a virtual environment of their own, $CHORUS_HOME/peers.
root=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
build=$root/build
home=$(realpath -m "${CHORUS_HOME:-$root/.chorus}")
export CHORUS_HOME=$home
data=${CHORUS_DATA:-$root/../shared/data}
relations=P36,P19,P20,P37,P106,P101,P176,P495,P740,P27
# shellcheck source=scripts/setup.sh
. "$root/scripts/setup.sh"

[ -d "$data/pararel" ] || die "$data/pararel is not a folder; set CHORUS_DATA to the folder that holds pararel/ and webquestions/"

# need_peer PACKAGE==VERSION: a Python package for comparison; those without a wheel are compiled, which takes minutes.
need_peer() {
  local python=$home/peers/venv/bin/python
  [ -x "$python" ] || python3 -m venv "$home/peers/venv" >&2 || die "python3 could not make $home/peers/venv"
  "$python" -c "import importlib.metadata, sys; sys.exit(importlib.metadata.version('${1%%==*}') != '${1##*==}')" 2>/dev/null && return 0
  say "installing $1 into $home/peers/venv"
  "$python" -m pip install -q --disable-pip-version-check "$1" </dev/null >&2 || die "pip could not install $1; see above"
}
