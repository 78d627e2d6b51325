#!/bin/sh
# Runs the official OpenAI client, NumPy and Pillow against a debug server on a port of its own.
set -eu
cd "$(dirname "$0")/../.."

venv=.build/clients
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import numpy, openai, PIL' 2>/dev/null; then
    python3 -m venv "$venv"
    timeout 300 "$venv/bin/pip" install --quiet --disable-pip-version-check 'openai>=1.50,<3' numpy pillow
fi

timeout 900 swift build --product fovea >.build/clients/build.log 2>&1 || {
    tail -n 20 .build/clients/build.log
    exit 1
}

log=.build/clients/server.log
timeout 600 .build/debug/fovea serve --port 0 >"$log" 2>.build/clients/server.err &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT INT TERM

url=
for _ in $(seq 1 100); do
    url=$(sed -n 's/^listening on //p' "$log")
    if [ -n "$url" ] && timeout 5 .build/debug/fovea health "$url" >/dev/null 2>&1; then break; fi
    kill -0 "$server" 2>/dev/null || { cat .build/clients/server.err; exit 1; }
    sleep 0.3
done
[ -n "$url" ] || { echo "the server did not start"; exit 1; }

timeout 300 "$venv/bin/python" Tests/clients/openai_client.py "$url"
