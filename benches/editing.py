"""Random edits of a large tree in the language server, as somebody would make them."""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from common import judge

sys.path.insert(0, str(judge.ROOT / "lsp" / "tests"))
from client import Client, insert  # noqa: E402

SEED = 1
TOP_LEVEL, BODY = "at top level", "in a body"


def resident(client: Client) -> float:
    """Memory of the server, in MB."""
    status = Path(f"/proc/{client.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


FIRST = "sympy/physics/quantum/shor.py"


@contextlib.contextmanager
def editor(tree: Path, python: str) -> Iterator[Client]:
    """A client that has opened a file of the tree and has its diagnostics."""
    client = Client(patience=600)
    with client:
        client.initialize([tree], python=python)
        client.diagnostics(client.open(tree / FIRST, (tree / FIRST).read_text()))
        yield client
        client.stop()


def edits(client: Client, tree: Path, saved: bool = False) -> Iterator[tuple[str, float]]:
    """Single changes in files chosen at random, every other one a new statement at top level: of which kind each was, and
    the milliseconds from its notification to the diagnostics of that version. Where they are `saved`, every third one
    stays on the disk, and what is there grows; else the file is closed as it was."""
    chooser = random.Random(SEED)
    files = sorted(path for path in tree.rglob("*.py") if path.stat().st_size)
    count = 0
    while True:
        path = chooser.choice(files)
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        lines = text.splitlines()
        bodies = [number for number, line in enumerate(lines) if line.startswith("    return")]
        is_top = count % 2 == 0 or not bodies
        change = insert(len(lines) + 1, 0, "later = 1\n") if is_top else insert(chooser.choice(bodies), 0, "    later = 1\n")
        uri = client.open(path, text + "\n")
        client.diagnostics(uri)
        client.heard.clear()
        started = time.perf_counter()
        client.change(uri, change)
        client.diagnostics(uri)
        taken = 1000 * (time.perf_counter() - started)
        if saved and is_top and count % 3 == 0:
            path.write_text(text + "\n\nlater = 1\n")
            changed = {"uri": uri, "type": 2}
            client.notify("workspace/didChangeWatchedFiles", {"changes": [changed]})
        client.close(uri)
        count += 1
        yield (TOP_LEVEL if is_top else BODY), taken


def told(times: list[tuple[str, float]]) -> list[list[str]]:
    """Rows of a table: how many of which kind, and how long they took."""
    rows = []
    for kind in ("all", BODY, TOP_LEVEL):
        chosen = sorted(taken for of, taken in times if kind in ("all", of))
        if chosen:
            at = lambda share: f"{chosen[round(share * (len(chosen) - 1))]:.0f}"  # noqa: E731
            rows.append([f"edits {kind}" if kind != "all" else "all edits", str(len(chosen)), at(0.5), at(0.9), at(0.95), at(1)])
    return rows


HEAD = ["", "number", "median, ms", "90 %", "95 %", "worst"]
