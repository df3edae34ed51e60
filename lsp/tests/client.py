"""A client of the Language Server Protocol, on the standard library alone."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# What a client can do that can do everything the server asks about.
ABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "configuration": False,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
    },
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "codeDescriptionSupport": True, "versionSupport": True},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}}},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}


def lyo() -> str:
    """The command under test: $LYO, or the release build."""
    return os.environ.get("LYO") or str(ROOT / "target" / "release" / "lyo")


class ServerError(Exception):
    def __init__(self, error: dict):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.data = error.get("data")


class Client:
    """One server process. Notifications are kept in `heard`; requests of the server are answered with null."""

    def __init__(self, environment: dict[str, str] | None = None, patience: float = 60.0):
        self.patience = patience
        self.process = subprocess.Popen(
            [lyo(), "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **(environment or {})}
        )
        self.heard: list[dict] = []
        self.answers: dict[str, object] = {}
        self.results: dict[int, dict] = {}
        self.arrived: queue.Queue = queue.Queue()
        self.last_id = 0
        self.versions: dict[str, int] = {}
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    # ---- the wire

    def _read(self) -> None:
        stream = self.process.stdout
        while True:
            length = 0
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                break
            self.arrived.put((time.perf_counter(), json.loads(stream.read(length))))
        self.arrived.put((time.perf_counter(), None))

    def send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def pump(self, until, patience: float | None = None):
        """Takes messages in until `until(message)` is true of one; returns it. `None` from the server means its end."""
        deadline = time.monotonic() + (patience or self.patience)
        while True:
            try:
                at, message = self.arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError("the server did not say what was waited for") from None
            if message is None:
                raise EOFError("the server is gone")
            message["at"] = at
            if "id" in message and "method" in message:
                self.heard.append(message)
                self.send({"id": message["id"], "result": self.answers.get(message["method"])})
            elif "id" in message:
                self.results[message["id"]] = message
            else:
                self.heard.append(message)
            if until(message):
                return message

    # ---- talking

    def notify(self, method: str, params: dict) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: dict | None) -> int:
        """Sends a request; its answer is had with `result`."""
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, **({} if params is None else {"params": params})})
        return self.last_id

    def result(self, number: int):
        if number not in self.results:
            self.pump(lambda message: message.get("id") == number and "method" not in message)
        answer = self.results.pop(number)
        if "error" in answer:
            raise ServerError(answer["error"])
        return answer["result"]

    def request(self, method: str, params: dict | None):
        return self.result(self.ask(method, params))

    def initialize(self, folders: list[Path] = (), abilities: dict | None = None, **options) -> dict:
        named = [{"uri": Path(folder).as_uri(), "name": Path(folder).name} for folder in folders]
        result = self.request("initialize", {
            "processId": os.getpid(), "rootUri": None, "capabilities": ABILITIES if abilities is None else abilities,
            "workspaceFolders": named or None, "initializationOptions": options,
        })
        self.notify("initialized", {})
        return result

    def stop(self) -> int:
        """Says goodbye as one should; the exit status."""
        self.request("shutdown", None)
        self.notify("exit", {})
        return self.process.wait(timeout=self.patience)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    # ---- texts

    def open(self, uri: str | Path, text: str) -> str:
        uri = uri.as_uri() if isinstance(uri, Path) else uri
        self.versions[uri] = 1
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, *changes: dict) -> int:
        self.versions[uri] += 1
        identifier = {"uri": uri, "version": self.versions[uri]}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": list(changes)})
        return self.versions[uri]

    def close(self, uri: str) -> None:
        self.versions.pop(uri, None)
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def diagnostics(self, uri: str) -> list[dict]:
        """What is published next about the present version of an open text."""
        version = self.versions.get(uri)

        def is_it(message: dict) -> bool:
            params = message.get("params")
            is_published = message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri
            return is_published and params.get("version") == version

        for message in reversed(self.heard):
            if is_it(message):
                return message["params"]["diagnostics"]
        return self.pump(is_it)["params"]["diagnostics"]

    def at(self, uri: str, line: int, character: int) -> dict:
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def whole(text: str) -> dict:
    return {"text": text}


def insert(line: int, character: int, text: str) -> dict:
    return replace(line, character, line, character, text)


def replace(line: int, character: int, end_line: int, end_character: int, text: str) -> dict:
    start, end = {"line": line, "character": character}, {"line": end_line, "character": end_character}
    return {"range": {"start": start, "end": end}, "text": text}
