# shellcheck shell=bash
# Sourced by the other scripts: says what they do and installs the system packages that they miss.

# The image libraries, the hash function and the checksum of archives; the Swift toolchain brings the rest.
library_packages=(libjpeg-dev libpng-dev libwebp-dev libssl-dev zlib1g-dev)

step() { printf '\n== %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

require_swift() {
    command -v swift >/dev/null || fail "there is no swift command; install Swift 6.3: https://www.swift.org/install/linux/"
}

# require_packages PACKAGE…: installs those that are not there.
require_packages() {
    local package missing=() as_root=()
    if ! command -v dpkg-query >/dev/null; then
        echo "not a Debian system: going on in the hope that it has what these packages hold: $*"
        return
    fi
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    step "installing ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "these packages are missing; as root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    # A source that cannot be reached need not be the one that has the packages.
    "${as_root[@]}" apt-get update -qq || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        || fail "these packages could not be installed; as root, run: apt-get install ${missing[*]}"
}
