#!/usr/bin/env bash
# Installs what is missing, builds Fovea and serves it. Arguments go to `fovea serve`: see `scripts/serve.sh --help`.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"

require_swift
require_packages "${library_packages[@]}"
step "building (some minutes the first time)"
# The folder of the call stays, so that relative paths among the arguments mean what they say.
swift build --package-path "$root" -c release --product fovea
program=$(swift build --package-path "$root" -c release --show-bin-path)/fovea
step "fovea serve $*"
exec "$program" serve "$@"
