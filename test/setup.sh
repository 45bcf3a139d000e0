#!/usr/bin/env bash
# Makes a machine ready for `npm run demo` or `npm test`, from a fresh clone on: packages of npm,
# Debian packages where they are missing and may be installed, and the build. Does only what is
# needed and says nothing when nothing is.
#
#   bash test/setup.sh demo|test|sim|bench|soak
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:-}
quiet_log=$(mktemp -t heird-setup.XXXXXX)
policy=/usr/sbin/policy-rc.d
policy_is_ours=no

clean_up() {
  rm -rf "$quiet_log" dist.next
  if [ "$policy_is_ours" = yes ]; then rm -f "$policy"; fi
}
trap clean_up EXIT

refuse() {
  echo "heird: $1" >&2
  exit 1
}

# Runs a command and shows what it said only if it fails.
quietly() {
  local what=$1
  shift
  echo "heird: $what ..." >&2
  if ! "$@" >"$quiet_log" 2>&1 </dev/null; then
    tail -n 40 "$quiet_log" >&2
    refuse "$what failed"
  fi
}

is_root() { [ "$(id -u)" -eq 0 ]; }
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] || [ -x "/usr/lib/frr/$1" ]; }

check_machine() {
  case $purpose in demo | test | sim | bench | soak) ;; *) refuse "usage: bash test/setup.sh demo|test|sim|bench|soak" ;; esac
  [ "$(uname -s)" = Linux ] || refuse "this needs Linux (network namespaces, raw sockets); here is $(uname -s)."
  case $purpose in
    demo | bench | soak) is_root || refuse "npm run $purpose builds network namespaces and needs root: run it with sudo." ;;
  esac
  has node || refuse "Node.js 20.18 or newer is needed (https://nodejs.org)."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 18) ? 0 : 1)' ||
    refuse "Node.js 20.18 or newer is needed; this is $(node --version)."
}

# Pairs of a program and the Debian package it comes from.
wanted_programs() {
  # A simulation is one process and needs nothing of the machine.
  if [ "$purpose" != sim ]; then printf '%s\n' "ip iproute2" "tcpdump tcpdump"; fi
  if [ "$purpose" = soak ]; then printf '%s\n' "nft nftables"; fi
  if [ "$purpose" = bench ]; then printf '%s\n' "keepalived keepalived" "nft nftables"; fi
  if [ "$purpose" = test ]; then
    printf '%s\n' "keepalived keepalived" "nft nftables" "ps procps" \
      "systemd-analyze systemd" "fish fish" "zsh zsh" "vrrpd frr" "strace strace" "redis-server redis-server" \
      "radvd radvd"
  fi
  # raw-socket is compiled where there is no build of it yet.
  if needs_npm; then printf '%s\n' "make make" "g++ g++" "python3 python3"; fi
}

missing_packages() {
  while read -r program package; do
    if ! has "$program"; then echo "$package"; fi
  done < <(wanted_programs) | sort -u
}

needs_npm() {
  [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# The lists of a fresh container are empty, those of an old machine are stale: fetched only then.
apt_install_fetching_lists() {
  apt_install "$@" || { apt-get update -q && apt_install "$@"; }
}

# Debian starts what it installs. A Keepalived that starts here would speak VRRP on the real network.
forbid_starting_services() {
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    policy_is_ours=yes
  fi
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  [ ${#packages[@]} -gt 0 ] || return 0
  if ! is_root || ! has apt-get; then
    local sentence="please install: ${packages[*]} (on Debian: sudo apt-get install ${packages[*]})."
    if [ "$purpose" = test ] && ! needs_npm; then
      echo "heird: $sentence Tests that need them are skipped, and say so." >&2
      return 0
    fi
    refuse "$sentence"
  fi
  forbid_starting_services
  quietly "installing ${packages[*]}" apt_install_fetching_lists "${packages[@]}"
  local package
  for package in "${packages[@]}"; do
    # Only what was installed just now: a Keepalived that was here before is somebody's.
    case "$package" in
      keepalived | frr | redis-server | radvd) if has systemctl; then systemctl disable --now "$package.service" >/dev/null 2>&1 || true; fi ;;
    esac
  done
  if [ "$policy_is_ours" = yes ]; then
    rm -f "$policy"
    policy_is_ours=no
  fi
}

install_node_modules() {
  needs_npm || return 0
  quietly "installing npm packages" npm ci --no-audit --no-fund
  touch node_modules/.package-lock.json
}

needs_build() {
  [ -e dist/.built ] || return 0
  local sources=(agent config deploy/bundle.mjs package.json tsconfig.json tsconfig.build.json)
  local optional
  for optional in checks test/bench test/demo test/netns test/simulation test/soak; do if [ -e "$optional" ]; then sources+=("$optional"); fi; done
  # Folders count too: a file that was removed changes only its folder.
  [ -n "$(find "${sources[@]}" -newer dist/.built -print -quit)" ]
}

# Beside the old build and then in its place, so that a build that fails leaves the old one.
build() {
  rm -rf dist.next
  local stamp
  stamp=$(mktemp -t heird-built.XXXXXX)
  node_modules/.bin/tsc -p tsconfig.build.json --outDir dist.next && node deploy/bundle.mjs dist.next/heird ||
    { rm -f "$stamp"; return 1; }
  # Taken before the compiler read its first file: what is saved while it works is newer.
  mv "$stamp" dist.next/.built
  rm -rf dist
  mv dist.next dist
}

check_machine
if [ "$purpose" = test ] && ! is_root; then
  echo "heird: without root the tests that need network namespaces are skipped, and say so; sudo npm test runs them." >&2
fi
install_packages
install_node_modules
if needs_build; then quietly "building" build; fi
