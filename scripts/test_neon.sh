#!/usr/bin/env bash
# Compares the vector kernels with the plain ones in C: this processor's tables, and NEON's under an emulator, once with
# the instructions that every 64-bit ARM has and once with all. Installs what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

require_swift
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
[ -x "$clang" ] || clang=clang
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build NAME OPTION…: compiles the kernels and their tests and links them with the given compiler options.
build() {
    local name=$1 source
    shift
    mkdir "$work/$name"
    for source in Sources/CKernels/*.c Tests/kernels/*.c; do
        "$clang" "$@" -std=gnu17 -O2 -Wall -Wextra -Werror -ISources/CKernels/include -c "$source" \
            -o "$work/$name/$(tr / _ <<<"$source").o"
    done
}

step "kernels of $(uname -m)"
build native
"$clang" "$work"/native/*.o -lm -o "$work/native/run"
"$work/native/run"

if [ "$(uname -m)" != aarch64 ]; then
    require_packages qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    command -v qemu-aarch64 >/dev/null || fail "there is no qemu-aarch64 command: the NEON kernels were not run"
    step "kernels of aarch64"
    build aarch64 --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include
    aarch64-linux-gnu-gcc -static "$work"/aarch64/*.o -lm -o "$work/aarch64/run"
    for processor in cortex-a72 max; do
        echo "as on $processor:"
        qemu-aarch64 -cpu "$processor" "$work/aarch64/run"
    done
fi
