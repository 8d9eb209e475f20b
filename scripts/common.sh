# What scripts/run and scripts/test share: finding and installing what is missing. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# One build cache for every checkout of this user: the second run is quick.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pinpu/target}

step() { printf '\n\033[1m▸ %s\033[0m\n' "$*"; }
fail() { printf '\n\033[31m✘ %s\033[0m\n' "$*" >&2; exit 1; }

# install_packages PACKAGE...: Debian/Ubuntu packages that are not there yet.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "these packages are missing and apt-get is not here to install them: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run this once as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  step "Installing system packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install: ${missing[*]}"
}

require_rust() {
  [ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"
  if command -v cargo >/dev/null; then
    claim_build_cache
    return
  fi
  fail "No Rust toolchain found. Install rustup from https://rustup.rs with
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y
  and run this script again; the toolchain version pinned in rust-toolchain.toml is then fetched by itself."
}

# claim_build_cache: Cargo takes a package for up to date by its files' times, wherever they lie, so what another checkout
# built would pass for this one's, with that one's paths in it. Dependencies stay; our own packages are built again.
claim_build_cache() {
  local owner=$CARGO_TARGET_DIR/.checkout
  if [ -d "$CARGO_TARGET_DIR" ] && [ "$(cat "$owner" 2>/dev/null)" != "$root" ]; then
    (cd "$root" && cargo clean --quiet -p pinpu -p pinpu-hardware && cargo clean --quiet --release -p pinpu -p pinpu-hardware) ||
      fail "the build cache of another checkout, $CARGO_TARGET_DIR, could not be cleaned; remove it"
  fi
  mkdir -p "$CARGO_TARGET_DIR"
  printf '%s' "$root" >"$owner"
}

# Node 20 or newer; Debian 12's own package is too old for the console's build, so an npm package brings it.
require_node() {
  if command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; then return; fi
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/pinpu/node
  if [ ! -x "$cache/node_modules/node/bin/node" ]; then
    install_packages npm
    step "Fetching Node.js 20"
    npm install --silent --no-audit --no-fund --prefix "$cache" node@20 npm@11 || fail "npm could not fetch Node.js 20"
  fi
  PATH="$cache/node_modules/node/bin:$cache/node_modules/.bin:$PATH"
}

# build_console: web/dist from web/, only when a source is newer than the result.
build_console() {
  local stamp=$root/web/dist/.built
  if [ -f "$stamp" ] && [ -z "$(find "$root/web" -path "$root/web/node_modules" -prune -o -path "$root/web/dist" -prune -o -type f -newer "$stamp" -print -quit)" ]; then
    return
  fi
  step "Building the console"
  (cd "$root/web" && npm ci --silent --no-audit --no-fund && npm run --silent build) || fail "the console did not build"
  touch "$stamp"
}

# build_virtual_receiver: the SoapySDR module into this checkout (CMake's cache belongs to one source folder, and the module
# knows where its scenes lie); prints nothing when up to date.
build_virtual_receiver() {
  virtual_receiver_dir=$root/hardware/virtual-receiver/build
  cmake -S "$root/hardware/virtual-receiver" -B "$virtual_receiver_dir" -DCMAKE_BUILD_TYPE=Release >/dev/null &&
    cmake --build "$virtual_receiver_dir" --parallel 2 >/dev/null || fail "the virtual receiver did not build"
}

# start_demo: a demo on a private port with the virtual receiver through SoapySDR. Sets $url, $work and $server; what was
# started is stopped by its process id when the script ends.
start_demo() {
  export PINPU_DEMO_PASSWORD=demo-password-of-the-test
  work=$(mktemp -d) server=
  trap stop_demo EXIT
  build_virtual_receiver
  mkdir "$work/no-modules"
  SOAPY_SDR_ROOT=$work/no-modules SOAPY_SDR_PLUGIN_PATH=$virtual_receiver_dir \
    "$CARGO_TARGET_DIR/release/pinpu" serve --demo --listen 127.0.0.1:0 --data "$work/data" \
    --receiver "driver=pinpu-virtual,scene=$root/hardware/virtual-receiver/scenes/demo.scene" --ppm-uncertainty 1 >"$work/out" 2>"$work/log" &
  server=$!
  for _ in $(seq 150); do
    url=$(grep -om1 'http://127\.0\.0\.1:[0-9]*' "$work/out" || true)
    [ -n "$url" ] && return
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; fail "the service did not start"; }
    sleep 0.2
  done
  cat "$work/log" >&2
  fail "the service did not say where it listens"
}

stop_demo() {
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then kill "$server"; wait "$server" || true; fi
  rm -rf "$work"
}
