#!/usr/bin/env python3
"""Sends a server 1,000 requests and prints how much memory its process holds on the way.

Pictures, questions and routes take turns, so that the caches are full after the first hundred; what grows later leaks.
"""

import argparse
import base64
import itertools
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ["Describe this image.", "Is there a red circle in this image?", "What is left of the blue square?"]
ROUTES = [
    ("/v1/chat/completions", {"max_tokens": 12}),
    ("/v1/attention", {"max_tokens": 8}),
    ("/v1/chat/completions", {"max_tokens": 12, "interventions": ["img->txt"]}),
    ("/v1/knockout", {"max_tokens": 4, "knockouts": ["img->gen"]}),
    ("/v1/logit-lens", {"max_tokens": 1, "lens": {"top_k": 1}}),
]


def resident_mebibytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def wait_until_ready(address: str) -> None:
    """The server listens while it loads, and answers 503."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/health").close()
            return
        except urllib.error.HTTPError:
            time.sleep(0.1)
    raise TimeoutError("the model was not loaded within a minute")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fovea", default=str(ROOT / ".build" / "release" / "fovea"), help="the program to measure")
    parser.add_argument("--requests", type=int, default=1000)
    arguments = parser.parse_args()
    server = subprocess.Popen([arguments.fovea, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        address = next(line.split()[-1] for line in server.stdout if "listening on" in line).rstrip("/")
        wait_until_ready(address)
        files = sorted(ROOT.glob("public/examples/*.png")) + sorted(ROOT.glob("public/examples/*.jpg"))
        pictures = [base64.b64encode(file.read_bytes()).decode() for file in files]
        turns = itertools.cycle(itertools.product(QUESTIONS, pictures))
        for number, (question, picture) in enumerate(itertools.islice(turns, arguments.requests), 1):
            route, options = ROUTES[number % len(ROUTES)]
            parts = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": question}]
            body = json.dumps({"messages": [{"role": "user", "content": parts}], **options}).encode()
            headers = {"Content-Type": "application/json"}
            with urllib.request.urlopen(urllib.request.Request(address + route, body, headers)) as answer:
                answer.read()
            if number in (1, 100) or number % 200 == 0 or number == arguments.requests:
                print(f"{number} requests: {resident_mebibytes(server.pid):.1f} MiB", flush=True)
    finally:
        server.terminate()


if __name__ == "__main__":
    sys.exit(main())
