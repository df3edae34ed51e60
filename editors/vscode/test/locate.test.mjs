// Which command the extension starts.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const source = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "locate.ts");
let folder, locate;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "lyo-locate-"));
  const outfile = join(folder, "locate.mjs");
  await build({ entryPoints: [source], outfile, platform: "node", format: "esm" });
  ({ locate } = await import(pathToFileURL(outfile).href));
});

after(() => rmSync(folder, { recursive: true, force: true }));

function executable(...parts) {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

test("the workspace's environment comes before PATH, an active one before both", () => {
  const onPath = executable("path", "lyo");
  const active = executable("active", "bin", "lyo");
  const own = executable("project", ".venv", "bin", "lyo");
  const PATH = ["", join(folder, "missing"), join(folder, "path")].join(":");
  const project = [join(folder, "other"), join(folder, "project")];
  assert.equal(locate("", project, { PATH, VIRTUAL_ENV: join(folder, "active") }), active);
  assert.equal(locate("", project, { PATH }), own);
  assert.equal(locate("", [], { PATH }), onPath);
  assert.equal(locate("", [], { PATH: "" }), undefined);
  assert.equal(locate("", [], {}), undefined);
});

test("what the user set is taken, or nothing is", () => {
  const built = executable("build", "lyo");
  const named = executable("path2", "lyo-nightly");
  const workspace = [join(folder, "project"), folder];
  assert.equal(locate(built, [], {}), built);
  assert.equal(locate("build/lyo", workspace, {}), built);
  assert.equal(locate("lyo-nightly", [], { PATH: join(folder, "path2") }), named);
  assert.equal(locate(join(folder, "nowhere"), workspace, { PATH: join(folder, "path") }), undefined);
});

test("a folder, or a file that is not executable, is no command", () => {
  mkdirSync(join(folder, "bad", "lyo"), { recursive: true });
  mkdirSync(join(folder, "worse"), { recursive: true });
  writeFileSync(join(folder, "worse", "lyo"), "", { mode: 0o644 });
  assert.equal(locate("", [], { PATH: `${join(folder, "bad")}:${join(folder, "worse")}` }), undefined);
});
