"""A running Fovea server and a client that asks it in parallel."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterable, Sequence

import numpy as np
from PIL import Image

_START_SECONDS, _STOP_SECONDS, _ANSWER_SECONDS = 120, 15, 300


class ServerError(Exception):
    """An answer that is not 200, with its status and message."""

    def __init__(self, status: int, message: str):
        super().__init__(f"{status}: {message}")
        self.status = status

    @property
    def is_unsupported(self) -> bool:
        """The server does not have this probe, or not for this input."""
        return self.status in (404, 422)


class Server:
    """`with Server(binary, model) as server:` runs `fovea serve` on a free port and always stops it."""

    def __init__(self, binary: Path, model: Path, connections: int = 8, options: Sequence[str] = ()):
        self.binary, self.model, self.connections, self.options = binary, model, connections, options
        self._local = threading.local()

    def __enter__(self) -> Server:
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [self.binary, "serve", "--model", self.model, "--port", "0", *self.options],
            stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        try:
            self._pool = ThreadPoolExecutor(self.connections)
            self._await_health(self._address())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def post(self, path: str, body: dict) -> dict:
        """The JSON answer; raises ServerError."""
        return self._ask("POST", path, json.dumps(body).encode(), "application/json")

    def get(self, path: str) -> dict:
        return self._ask("GET", path, None, "")

    def keep(self, picture: np.ndarray) -> str:
        """Stores a picture, uint8 [side, side, 3], and returns its id."""
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        return self._ask("POST", "/v1/images", file.getvalue(), "image/png")["image_id"]

    def map(self, job: Callable, items: Iterable) -> list:
        """`job` of every item, several at a time, results in order."""
        return list(self._pool.map(job, items))

    # MARK: private

    def _address(self) -> str:
        for line in self._process.stdout:
            if line.startswith("listening on http://"):
                return line.split("http://")[1].strip().rstrip("/")
        raise RuntimeError(f"{self.binary} ended before it listened:\n{self._errors()}")

    def _await_health(self, address: str) -> None:
        self._host = address
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.binary} ended while it loaded {self.model}:\n{self._errors()}")
            try:
                self.get("/health")
                return
            except ServerError as error:
                if error.status != 503:
                    raise
                time.sleep(0.1)
        raise RuntimeError(f"{self.binary} did not load {self.model} in {_START_SECONDS} seconds")

    def _errors(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:]

    def _ask(self, method: str, path: str, body: bytes | None, content_type: str) -> dict:
        response, answer = self._exchange(method, path, body, {"Content-Type": content_type} if body else {})
        value = json.loads(answer)
        if response.status != 200:
            raise ServerError(response.status, value["error"]["message"])
        return value

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict):
        """One request on this thread's connection. A kept connection may have been closed meanwhile: asked twice."""
        try:
            return self._exchange_once(method, path, body, headers)
        except (http.client.HTTPException, ConnectionError):
            self._local.connection.close()
            return self._exchange_once(method, path, body, headers)

    def _exchange_once(self, method: str, path: str, body: bytes | None, headers: dict):
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(self._host, timeout=_ANSWER_SECONDS)
        connection = self._local.connection
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response, response.read()


def chat(image: str, question: str, given: str = "", **fields) -> dict:
    """A chat body about a kept picture; `given` begins the answer."""
    parts = [{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": question}]
    messages = [{"role": "user", "content": parts}]
    if given:
        messages.append({"role": "assistant", "content": given})
    return {"messages": messages, **fields}
