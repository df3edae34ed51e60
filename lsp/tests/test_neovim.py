"""Neovim, headless, as the client. Skipped where it is not installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from client import lyo  # noqa: E402


@unittest.skipUnless(shutil.which("nvim"), "Neovim (`nvim`) is not installed")
class Neovim(unittest.TestCase):
    def test_diagnostics_hover_and_edits(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file, output = Path(folder) / "a.py", Path(folder) / "shown.json"
            file.write_text("x = 1\nprint(x)\n")
            homes = {name: folder for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
            environment = {**os.environ, **homes, "LYO": lyo(), "LYO_TEST_OUTPUT": str(output), "VIRTUAL_ENV": ""}
            command = ["nvim", "--headless", "--clean", "-n", str(file), "-c", f"luafile {HERE / 'neovim.lua'}"]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120)
            self.assertTrue(output.exists(), done.stderr.decode())
            shown = json.loads(output.read_text())
        self.assertNotIn("problem", shown)
        self.assertEqual(shown["first"], [{"line": 1, "code": "LYO202"}])
        self.assertEqual(shown["edited"], [{"line": 0, "code": "LYO202"}, {"line": 3, "code": "LYO202"}])
        self.assertIn("y: int = 42", shown["hover"])
        self.assertEqual(shown["mended"], 0)


if __name__ == "__main__":
    unittest.main()
