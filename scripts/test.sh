#!/usr/bin/env bash
# Installs what is missing, then checks everything: format, build, Swift tests, viewer tests, client tests.
# The last line counts what passed or names what failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=()
failed=()

# check NAME COMMAND…: runs a step in view of the user; one that fails does not stop the others.
check() {
    local name=$1
    shift
    step "$name: $*"
    if "$@" 2>&1 | tee "$logs/$name"; then
        passed+=("$name$(total "$name")")
    else
        failed+=("$name")
    fi
}

# How many tests a step ran, by its runner's closing lines.
total() {
    local count
    count=$(grep -oE '(Test run with|# pass|ℹ pass|Ran) [0-9]+' "$logs/$1" | grep -oE '[0-9]+$' | tail -1) || return 0
    printf ' (%s tests)' "$count"
}

require_swift
packages=("${library_packages[@]}")
command -v node >/dev/null || packages+=(nodejs)
if [ -f Tests/clients/run.sh ]; then
    python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
fi
require_packages "${packages[@]}"

check format swift format lint --strict --recursive Package.swift Sources Tests
check viewer node --test Tests/viewer/*.test.js
check kernels bash scripts/test_neon.sh
check build swift build --build-tests
if [ ${#failed[@]} -eq 0 ] || [ "${failed[-1]}" != build ]; then
    # One test at a time: numeric ones keep every core busy, and those with clients and timeouts must not wait for them.
    check swift swift test --skip-build --no-parallel
    if [ -f Tests/clients/run.sh ]; then check clients bash Tests/clients/run.sh; fi
fi

step "result"
grep -h 'Test run with' "$logs/swift" 2>/dev/null || true
list() { local IFS=,; local text="$*"; echo "${text//,/, }"; }
if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: $(list "${failed[@]}")"
    exit 1
fi
echo "all passed: $(list "${passed[@]}")"
