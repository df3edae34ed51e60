"""The server as a client sees it: a real process, spoken to over its stdin and stdout."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from client import ABILITIES, Client, ServerError, insert, replace, whole  # noqa: E402

EFFECT = "print('hello')\n"
REGISTER = "import shop.registry\n\n\ndef register(f):\n    print(f)\n    return f\n\n\n@register\ndef g():\n    pass\n"
NOT_INITIALIZED, METHOD_NOT_FOUND, INVALID_REQUEST, INVALID_PARAMS = -32002, -32601, -32600, -32602
CANCELLED, MODIFIED, SERVER_CANCELLED = -32800, -32801, -32802


class Case(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        # The interpreter is the one that runs the tests; what is cached of it stays among the tests.
        self.client = Client({"VIRTUAL_ENV": "", "HOME": str(self.folder), "PATH": self.path()})
        self.addCleanup(self.client.__exit__)

    @staticmethod
    def path() -> str:
        import os
        return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @property
    def work(self) -> Path:
        (self.folder / "work").mkdir(exist_ok=True)
        return self.folder / "work"

    def start(self, abilities: dict | None = None, **options) -> dict:
        return self.client.initialize([self.work], abilities, **options)

    def opened(self, name: str, text: str) -> str:
        return self.client.open(self.write(name, text), text)

    def codes(self, uri: str) -> list[str]:
        return [diagnostic["code"] for diagnostic in self.client.diagnostics(uri)]

    def hover(self, uri: str, line: int, character: int) -> str | None:
        found = self.client.request("textDocument/hover", self.client.at(uri, line, character))
        return found and found["contents"]["value"]


class Handshake(Case):
    def test_requests_before_initialisation_are_refused(self) -> None:
        with self.assertRaises(ServerError) as refused:
            self.client.request("textDocument/hover", self.client.at("file:///a.py", 0, 0))
        self.assertEqual(refused.exception.code, NOT_INITIALIZED)
        self.assertEqual(self.start()["serverInfo"]["name"], "lyo")

    def test_shutdown_and_exit(self) -> None:
        self.start()
        self.client.request("shutdown", None)
        with self.assertRaises(ServerError) as refused:
            self.client.request("textDocument/hover", self.client.at("file:///a.py", 0, 0))
        self.assertEqual(refused.exception.code, INVALID_REQUEST)
        self.client.notify("exit", {})
        self.assertEqual(self.client.process.wait(20), 0)

    def test_exit_without_shutdown_and_a_client_that_is_gone(self) -> None:
        self.start()
        self.client.notify("exit", {})
        self.assertEqual(self.client.process.wait(20), 1)
        with Client() as other:
            other.initialize([self.work])
            other.process.stdin.close()
            self.assertEqual(other.process.wait(20), 1)

    def test_unknown_methods_and_bad_parameters_are_errors_and_nothing_more(self) -> None:
        self.start()
        for method, params, code in [
            ("lyo/nothing", {}, METHOD_NOT_FOUND),
            ("textDocument/hover", {"textDocument": 1}, INVALID_PARAMS),
        ]:
            with self.assertRaises(ServerError) as refused:
                self.client.request(method, params)
            self.assertEqual(refused.exception.code, code)
        self.client.notify("textDocument/didOpen", {"no": "document"})
        self.client.notify("lyo/nothing", {})
        uri = self.opened("a.py", "x = 1 + 1\n")
        self.assertIn("x: int = 2", self.hover(uri, 0, 0))

    def test_position_encodings(self) -> None:
        text = "'😀é'; abc = 1 + 1\n"
        for offered, taken, column in [(["utf-16", "utf-8"], "utf-8", 10), (["utf-32"], "utf-32", 6), ([], "utf-16", 7)]:
            with Client() as client:
                abilities = {**ABILITIES, "general": {"positionEncodings": offered}}
                capabilities = client.initialize([self.work], abilities)["capabilities"]
                self.assertEqual(capabilities["positionEncoding"], taken)
                uri = client.open(self.write("a.py", text), text)
                found = client.request("textDocument/hover", client.at(uri, 0, column))
                self.assertEqual(found["range"]["start"], {"line": 0, "character": column})
                self.assertEqual(found["range"]["end"], {"line": 0, "character": column + 3})

    def test_files_are_watched(self) -> None:
        self.start()
        self.opened("a.py", "")
        self.client.pump(lambda message: message.get("method") == "textDocument/publishDiagnostics")
        asked = [message for message in self.client.heard if message["method"] == "client/registerCapability"]
        methods = [entry["method"] for message in asked for entry in message["params"]["registrations"]]
        self.assertIn("workspace/didChangeWatchedFiles", methods)

    def test_progress_of_the_first_analysis(self) -> None:
        for number in range(120):
            self.write(f"m{number}.py", "x = 1\n")
        self.start()
        is_progress = lambda message: message.get("method") == "$/progress"  # noqa: E731
        kinds = []
        while not kinds or kinds[-1] != "end":
            kinds.append(self.client.pump(is_progress)["params"]["value"]["kind"])
        self.assertEqual(kinds[0], "begin")
        self.assertIn("report", kinds)
        self.assertTrue(any(message["method"] == "window/workDoneProgress/create" for message in self.client.heard))


class Diagnostics(Case):
    def test_a_demand_that_is_not_met(self) -> None:
        self.write("shop/registry.py", "")
        self.write("shop/__init__.py", "")
        self.start()
        uri = self.opened("shop/plugins.py", "# lyo: strict\n" + REGISTER)
        error, reason = self.client.diagnostics(uri)
        self.assertEqual((error["code"], error["severity"], reason["code"], reason["severity"]), ("LYO501", 1, "LYO202", 3))
        self.assertEqual(error["source"], "lyo")
        self.assertEqual(error["range"]["start"], {"line": 0, "character": 0})
        self.assertTrue(error["codeDescription"]["href"].endswith("/LYO501.md"))
        page = Path(error["codeDescription"]["href"].removeprefix("file://"))
        self.assertIn("LYO501", page.read_text())
        last = reason["relatedInformation"][-1]
        self.assertEqual((last["location"]["uri"], last["location"]["range"]["start"]["line"]), (uri, 5))

    def test_the_chain_leads_into_other_files(self) -> None:
        helper = self.write("helper.py", "def f():\n    print()\n")
        self.start(nonStrict="hints")
        uri = self.opened("a.py", "import helper\n\nhelper.f()\n")
        (hint,) = self.client.diagnostics(uri)
        self.assertEqual(hint["severity"], 4)
        places = [related["location"]["uri"] for related in hint["relatedInformation"]]
        self.assertEqual(places[-1], helper.as_uri())

    def test_what_a_module_that_is_not_strict_is_worth_saying(self) -> None:
        demanded = "# lyo: strict\n" + EFFECT
        for setting, plain, strict in [("demanded", [], ["LYO501", "LYO202"]), ("hints", ["LYO202"], ["LYO501", "LYO202"]), ("off", [], [])]:
            with Client() as client:
                client.initialize([self.work], nonStrict=setting)
                uris = [client.open(self.write(name, text), text) for name, text in [("a.py", EFFECT), ("b.py", demanded)]]
                codes = [[found["code"] for found in client.diagnostics(uri)] for uri in uris]
                self.assertEqual(codes, [plain, strict], setting)

    def test_settings_may_change(self) -> None:
        self.start()
        uri = self.opened("a.py", EFFECT)
        self.assertEqual(self.codes(uri), [])
        self.client.heard.clear()
        self.client.notify("workspace/didChangeConfiguration", {"settings": {"lyo": {"nonStrict": "hints"}}})
        self.assertEqual(self.codes(uri), ["LYO202"])

    def test_settings_are_fetched_from_clients_that_hold_them(self) -> None:
        self.client.answers["workspace/configuration"] = [{"nonStrict": "hints"}]
        abilities = {**ABILITIES, "workspace": {"configuration": True}}
        self.start(abilities)
        uri = self.opened("a.py", EFFECT)
        self.client.pump(lambda message: message.get("method") == "workspace/configuration")
        self.client.pump(lambda message: bool(message.get("params", {}).get("diagnostics")))
        self.assertEqual(self.codes(uri), ["LYO202"])

    def test_a_mended_text_has_none(self) -> None:
        self.start(nonStrict="hints")
        uri = self.opened("a.py", "x = 1\n" + EFFECT)
        (found,) = self.client.diagnostics(uri)
        self.assertEqual(found["range"]["start"]["line"], 1)
        self.client.change(uri, insert(0, 0, "# a line\n"))
        (found,) = self.client.diagnostics(uri)
        self.assertEqual(found["range"]["start"]["line"], 2)
        self.client.change(uri, replace(2, 0, 3, 0, ""))
        self.assertEqual(self.client.diagnostics(uri), [])
        self.client.change(uri, whole("x = (\n"))
        self.assertEqual(self.codes(uri), ["LYO901"])
        self.client.change(uri, whole(EFFECT))
        self.assertEqual(self.codes(uri), ["LYO202"])

    def test_files_that_nobody_opened(self) -> None:
        broken = self.write("broken.py", "x = (\n")
        self.start()
        is_it = lambda message: message.get("params", {}).get("uri") == broken.as_uri()  # noqa: E731
        (found,) = self.client.pump(is_it)["params"]["diagnostics"]
        self.assertEqual(found["code"], "LYO901")
        broken.write_text("x = 1\n")
        changed = {"changes": [{"uri": broken.as_uri(), "type": 2}]}
        self.client.notify("workspace/didChangeWatchedFiles", changed)
        self.assertEqual(self.client.pump(is_it)["params"]["diagnostics"], [])

    def test_an_undecodable_file_on_the_disk(self) -> None:
        path = self.write("a.py", "")
        path.write_bytes(b"x = 1\ny = '\xff'\n")
        self.start()
        found = self.client.pump(lambda message: message.get("params", {}).get("uri") == path.as_uri())
        (error,) = found["params"]["diagnostics"]
        self.assertEqual((error["code"], error["range"]["start"]["line"]), ("LYO902", 1))

    def test_pulled(self) -> None:
        abilities = {**ABILITIES, "textDocument": {**ABILITIES["textDocument"], "diagnostic": {}}}
        self.assertIn("diagnosticProvider", self.start(abilities, nonStrict="hints")["capabilities"])
        uri = self.opened("a.py", EFFECT)
        ask = {"textDocument": {"uri": uri}}
        report = self.client.request("textDocument/diagnostic", ask)
        self.assertEqual((report["kind"], report["items"][0]["code"]), ("full", "LYO202"))
        again = self.client.request("textDocument/diagnostic", {**ask, "previousResultId": report["resultId"]})
        self.assertEqual(again["kind"], "unchanged")
        self.client.change(uri, whole("x = 1\n"))
        mended = self.client.request("textDocument/diagnostic", {**ask, "previousResultId": report["resultId"]})
        self.assertEqual((mended["kind"], mended["items"]), ("full", []))
        self.assertFalse(any(m["method"] == "textDocument/publishDiagnostics" for m in self.client.heard))

    def test_pulled_for_the_workspace(self) -> None:
        abilities = {**ABILITIES, "textDocument": {**ABILITIES["textDocument"], "diagnostic": {}}}
        other = self.write("other.py", EFFECT)
        self.start(abilities, nonStrict="hints")
        report = self.client.request("workspace/diagnostic", {"previousResultIds": []})
        (item,) = report["items"]
        self.assertEqual((item["uri"], item["kind"], item["items"][0]["code"]), (other.as_uri(), "full", "LYO202"))
        known = [{"uri": item["uri"], "value": item["resultId"]}]
        # Nothing has changed: the answer waits until something has.
        waiting = self.client.ask("workspace/diagnostic", {"previousResultIds": known})
        self.hover(self.client.open(other, EFFECT), 0, 0)
        self.assertNotIn(waiting, self.client.results)
        self.client.change(other.as_uri(), whole("x = 1\n"))
        (item,) = self.client.result(waiting)["items"]
        self.assertEqual((item["kind"], item["items"], item["version"]), ("full", [], 2))


class Files(Case):
    def test_unsaved_texts_count_in_other_modules(self) -> None:
        self.write("low.py", "x = 1\n")
        self.start()
        low = self.client.open(self.work / "low.py", "x = 1\n")
        high = self.opened("high.py", "from low import x\n\ny = x + 1\n")
        self.assertIn("y: int = 2", self.hover(high, 2, 0))
        self.client.change(low, whole("x = 41\n"))
        self.assertIn("y: int = 42", self.hover(high, 2, 0))
        self.client.close(low)
        self.assertIn("y: int = 2", self.hover(high, 2, 0))

    def test_a_file_that_is_not_saved_yet_can_be_imported(self) -> None:
        self.start()
        high = self.opened("high.py", "from pkg.low import x\n")
        self.assertIn("not found", self.hover(high, 0, 20))
        self.client.open(self.work / "pkg" / "low.py", "x = 'new'\n")
        self.assertIn("x: str = 'new'", self.hover(high, 0, 20))

    def test_untitled(self) -> None:
        self.write("low.py", "x = 1\n")
        self.start(nonStrict="hints")
        uri = self.client.open("untitled:Untitled-1", "import low\n\ny = low.x + 1\nprint(y)\n")
        self.assertIn("y: int = 2", self.hover(uri, 2, 0))
        self.assertEqual(self.codes(uri), ["LYO202"])
        self.client.close(uri)
        cleared = self.client.pump(lambda message: message.get("params", {}).get("uri") == uri)
        self.assertEqual(cleared["params"]["diagnostics"], [])

    def test_a_file_that_is_deleted_while_it_is_open(self) -> None:
        self.start(nonStrict="hints")
        uri = self.opened("a.py", EFFECT)
        self.assertEqual(self.codes(uri), ["LYO202"])
        (self.work / "a.py").unlink()
        self.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 3}]})
        self.client.change(uri, insert(0, 0, "x = 1\n"))
        self.assertEqual(self.codes(uri), ["LYO202"])
        self.client.close(uri)
        cleared = self.client.pump(lambda message: message.get("params", {}).get("uri") == uri)
        self.assertEqual(cleared["params"]["diagnostics"], [])

    def test_files_come_go_and_change_outside(self) -> None:
        self.start()
        uri = self.opened("high.py", "from low import x\n")
        low = self.work / "low.py"
        for kind, text, expected in [(1, "x = 1\n", "x: int = 1"), (2, "x = 'two'\n", "x: str = 'two'"), (3, None, "not found")]:
            low.write_text(text) if text else low.unlink()
            self.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": low.as_uri(), "type": kind}]})
            self.assertIn(expected, self.hover(uri, 0, 16))

    def test_several_folders(self) -> None:
        one, two = self.folder / "one", self.folder / "two"
        for folder, value in [(one, "1"), (two, "'two'")]:
            folder.mkdir()
            (folder / "same.py").write_text(f"x = {value}\n")
            (folder / "user.py").write_text("from same import x\n")
        self.client.initialize([one])
        first = self.client.open(one / "user.py", "from same import x\n")
        self.assertIn("x: int = 1", self.hover(first, 0, 17))
        added = [{"uri": two.as_uri(), "name": "two"}]
        self.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
        second = self.client.open(two / "user.py", "from same import x\n")
        self.assertIn("x: str = 'two'", self.hover(second, 0, 17))
        self.assertIn("x: int = 1", self.hover(first, 0, 17))
        self.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": added}})
        self.assertIn("x: str = 'two'", self.hover(second, 0, 17), "an open file outside of all folders")

    def test_no_folder_at_all(self) -> None:
        self.client.initialize([])
        uri = self.opened("a.py", "x = [1] * 2\n")
        self.assertIn("x: list = [1, 1]", self.hover(uri, 0, 0))

    def test_the_configuration_is_read_again(self) -> None:
        self.start()
        uri = self.opened("a.py", EFFECT)
        self.assertEqual(self.codes(uri), [])
        project = self.write("pyproject.toml", "[tool.lyo]\nstrict = ['a']\n")
        self.client.heard.clear()
        self.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": project.as_uri(), "type": 1}]})
        self.assertEqual(self.codes(uri), ["LYO202", "LYO501"])
        project.write_text("[tool.lyo]\nstrikt = ['a']\n")
        self.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": project.as_uri(), "type": 2}]})
        told = self.client.pump(lambda message: message.get("method") == "window/showMessage")
        self.assertIn("strikt", told["params"]["message"])
        project.unlink()
        self.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": project.as_uri(), "type": 3}]})
        self.assertEqual(self.client.pump(lambda m: m.get("params", {}).get("uri") == uri)["params"]["diagnostics"], [])


class Cancellation(Case):
    def test_a_request_that_waits_can_be_cancelled(self) -> None:
        self.start()
        uri = self.opened("a.py", "x = 1\n")
        number = self.client.ask("textDocument/hover", self.client.at(uri, 0, 0))
        self.client.notify("$/cancelRequest", {"id": number})
        with self.assertRaises(ServerError) as cancelled:
            self.client.result(number)
        self.assertEqual(cancelled.exception.code, CANCELLED)
        self.client.notify("$/cancelRequest", {"id": 4711})

    def test_a_request_about_a_text_that_has_changed(self) -> None:
        abilities = {**ABILITIES, "textDocument": {**ABILITIES["textDocument"], "diagnostic": {}}}
        self.start(abilities)
        uri = self.opened("a.py", "x = 1\n")
        hover = self.client.ask("textDocument/hover", self.client.at(uri, 0, 0))
        pull = self.client.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        self.client.change(uri, insert(0, 0, "\n"))
        for number, code in [(hover, MODIFIED), (pull, SERVER_CANCELLED)]:
            with self.assertRaises(ServerError) as refused:
                self.client.result(number)
            self.assertEqual(refused.exception.code, code)
        self.assertEqual(refused.exception.data, {"retriggerRequest": True})

    def test_only_the_last_of_a_burst_of_changes_is_published(self) -> None:
        self.start(nonStrict="hints")
        uri = self.opened("a.py", "")
        for number in range(30):
            self.client.change(uri, whole(f"x = {number}\n" * number + EFFECT))
        (found,) = self.client.diagnostics(uri)
        self.assertEqual(found["range"]["start"]["line"], 29)
        for message in self.client.heard:
            if message["method"] == "textDocument/publishDiagnostics" and message["params"]["diagnostics"]:
                shown = message["params"]["diagnostics"][0]["range"]["start"]["line"]
                self.assertEqual(shown + 2, message["params"]["version"], "of the text that it says it is of")


class Features(Case):
    def test_hover(self) -> None:
        self.write("pkg/__init__.py", "")
        self.write("pkg/low.py", "import os\n\nprint(os)\n\n\nclass C:\n    pass\n")
        self.start()
        text = (
            "import pkg.low\nfrom pkg.low import C\nfrom math import pi\nT = {'a': 2 ** 5}\nU = pkg.low.os.getpid()\n"
            "def f(T):\n    return T\nK = [c for c in range(3)]\ndef g():\n    return K\n"
        )
        uri = self.opened("a.py", text)
        self.assertIn("T: dict = {'a': 32}", self.hover(uri, 3, 0))
        self.assertIn("Not known", self.hover(uri, 4, 0))
        self.assertIsNone(self.hover(uri, 6, 11))
        self.assertIn("K: list = [0, 1, 2]", self.hover(uri, 9, 11))
        module = self.hover(uri, 0, 12)
        self.assertIn("module pkg.low", module)
        self.assertIn("runs 1 of 3 statements", module)
        self.assertIn("line 3", module)
        self.assertIn("closed", self.hover(uri, 0, 8))
        self.assertIn("C: type", self.hover(uri, 1, 20))
        self.assertIn("math", self.hover(uri, 2, 6))
        self.assertIsNone(self.hover(uri, 99, 0))

    def test_inlay_hints(self) -> None:
        self.start()
        uri = self.opened("a.py", "A = 2 ** 5\nB = 7\nC = 'x'\nD = ('a' * 100)\nE = A + 1\nE = 2 * E\nF = A * 2\n")
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 7, "character": 0}}
        ask = {"textDocument": {"uri": uri}, "range": span}
        hints = self.client.request("textDocument/inlayHint", ask)
        shown = [(hint["position"]["line"], hint["label"]) for hint in hints]
        self.assertEqual(shown, [(0, "= 32"), (6, "= 64")])
        self.client.notify("workspace/didChangeConfiguration", {"settings": {"inlayHints": False}})
        self.assertEqual(self.client.request("textDocument/inlayHint", ask), [])

    def test_the_lens_leads_to_the_cause(self) -> None:
        self.start()
        uri = self.opened("a.py", "x = 1\nprint(x)\nprint(2)\n")
        ask = {"textDocument": {"uri": uri}}
        (lens,) = self.client.request("textDocument/codeLens", ask)
        self.assertEqual(lens["command"]["title"], "partial: 2 statements run at import")
        command = {"command": lens["command"]["command"], "arguments": lens["command"]["arguments"]}
        place = self.client.request("workspace/executeCommand", command)
        self.assertEqual((place["uri"], place["range"]["start"]["line"]), (uri, 1))
        shown = [m for m in self.client.heard if m["method"] == "window/showDocument"]
        self.assertEqual(shown[0]["params"]["selection"]["start"]["line"], 1)
        self.client.change(uri, whole("x = 1\n"))
        (lens,) = self.client.request("textDocument/codeLens", ask)
        self.assertEqual((lens["command"]["title"], lens["command"]["command"]), ("strict, closed", ""))

    def actions(self, uri: str, line: int, **context) -> dict[str, dict]:
        span = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}
        ask = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": [], **context}}
        return {action["title"]: action for action in self.client.request("textDocument/codeAction", ask)}

    def applied(self, uri: str, action: dict) -> None:
        """Carries an action's edits out."""
        for edit in action["edit"]["changes"][uri]:
            self.client.change(uri, {"range": edit["range"], "text": edit["newText"]})

    def test_a_finding_is_silenced(self) -> None:
        self.start(nonStrict="hints")
        lines = ["print(1)", "print(2)  # note", "print('''", "''')", "x = input()"]
        uri = self.opened("a.py", "\n".join(lines) + "\n")
        self.assertEqual(len(self.codes(uri)), 4)
        for left, line in [(3, 0), (2, 1), (1, 2)]:
            self.applied(uri, self.actions(uri, line)["Silence LYO202 here"])
            self.assertEqual(len(self.codes(uri)), left)

    def test_go_to_the_cause(self) -> None:
        helper = self.write("helper.py", "def f():\n    print()\n")
        self.start(nonStrict="hints")
        uri = self.opened("a.py", "import helper\n\nhelper.f()\n")
        command = self.actions(uri, 2)["Go to the cause"]["command"]
        place = self.client.request("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")})
        self.assertEqual((place["uri"], place["range"]["start"]["line"]), (helper.as_uri(), 1))

    def test_strictness_is_demanded(self) -> None:
        self.start()
        uri = self.opened("a.py", "#!/usr/bin/env python3\nprint()\n")
        self.assertEqual(self.codes(uri), [])
        only = {"only": ["source"]}
        self.applied(uri, self.actions(uri, 0, **only)["Demand that this module be strict"])
        self.assertEqual(self.codes(uri), ["LYO501", "LYO202"])
        self.assertEqual(self.actions(uri, 0, **only), {})
        definition = self.client.request("textDocument/definition", self.client.at(uri, 1, 5))
        self.assertEqual([place["range"]["start"]["line"] for place in definition], [2])


if __name__ == "__main__":
    unittest.main()
