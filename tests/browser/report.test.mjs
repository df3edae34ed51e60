// The pages of `lyo report`, opened from the disk in Chromium.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const lyo = process.env.LYO ?? join(root, "target", "release", "lyo");
const QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let folder, browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "lyo-report-"));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: QUIET });
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function report(name, files) {
  const source = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), text);
  }
  execFileSync(lyo, ["report", source, "-o", join(folder, `${name}-report`)], { stdio: ["ignore", "ignore", "inherit"] });
  return pathToFileURL(join(folder, `${name}-report`, "index.html")).href;
}

async function open(url) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("requestfailed", (request) => problems.push(request.url()));
  page.on("request", (request) => { if (!request.url().startsWith("file:")) problems.push(request.url()); });
  await page.goto(url);
  await page.waitForSelector("body[data-ready]");
  return { page, problems };
}

const SHOP = {
  "shop/__init__.py": "",
  "shop/prices.py": "RATES = {'book': 7}\nTOTAL = sum(RATES.values())\n",
  "shop/orders.py": "from shop import prices\nprint('<script>window.hacked = 1</script>')\nBEST = prices.TOTAL\n",
  "shop/odd.py": "TEXT = '</script><img src=x onerror=\"window.hacked = 1\">'\n",
};

test("search finds a module, shows what it imports, and leads to its page", async () => {
  const { page, problems } = await open(report("shop", SHOP));
  assert.match(await page.textContent(".figures"), /4 modules/);
  await page.keyboard.press("/");
  await page.keyboard.type("orders");
  await page.keyboard.press("Enter");
  const details = page.locator("#details");
  assert.match(await details.textContent(), /shop\.orders.*partial.*shop\.prices/s);
  await details.getByRole("button", { name: "shop.prices" }).click();
  assert.match(await details.textContent(), /Imported by \(1\)/);
  await details.getByRole("link", { name: "shop.prices" }).click();
  await page.waitForSelector(".source");
  assert.match(await page.textContent("#L2"), /TOTAL = 7/);
  assert.equal(await page.getAttribute("#L2", "class"), "line static");
  await page.getByRole("link", { name: "All modules" }).click();
  await page.waitForSelector("body[data-ready]");
  assert.match(await details.textContent(), /shop\.prices/);
  assert.deepEqual(problems, []);
});

test("a statement that runs at import is marked, with its reason", async () => {
  const { page } = await open(report("marked", SHOP));
  await page.getByRole("button", { name: "Modules", exact: true }).click();
  await page.getByRole("link", { name: "shop.orders" }).click();
  assert.equal(await page.getAttribute("#L2", "class"), "line residual");
  assert.match(await page.textContent(".finding"), /LYO202/);
});

test("sources can't get into the pages as markup", async () => {
  const { page } = await open(report("hostile", SHOP));
  for (const name of ["shop.odd", "shop.orders"]) {
    await page.getByRole("button", { name: "Modules", exact: true }).click();
    await page.getByRole("link", { name, exact: true }).click();
    await page.waitForSelector(".source");
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await page.goBack();
    await page.waitForSelector("body[data-ready]");
  }
});

test("the table sorts, the causes lead to their place, the tree map opens", async () => {
  const { page, problems } = await open(report("views", SHOP));
  await page.getByRole("button", { name: "Modules", exact: true }).click();
  assert.match(await page.textContent("#list tbody tr"), /shop\.orders/);
  await page.locator("#list th[data-key=name]").click();
  assert.match(await page.textContent("#list tbody tr"), /^shop/);
  await page.getByRole("button", { name: "What to mend first" }).click();
  assert.match(await page.textContent("#causes"), /standard output/);
  await page.getByRole("button", { name: "Statements" }).click();
  await page.locator("#map canvas").click({ position: { x: 200, y: 200 } });
  assert.match(await page.textContent("#details"), /shop/);
  assert.deepEqual(problems, []);
});

test("five thousand modules do not stall", async () => {
  const files = {};
  for (let index = 0; index < 5000; index++) {
    const group = index % 50;
    files[`big/g${group}/__init__.py`] = "";
    files[`big/g${group}/m${index}.py`] = `from big.g${(group * 7) % 50} import m${(index * 7) % 50}\nX = ${index}\n`;
  }
  files["big/__init__.py"] = "";
  const { page, problems } = await open(report("big", files));
  await page.locator("#all-imports").check();
  // Every frame of a zoom is drawn; the slowest one is what a person feels.
  const slowest = await page.evaluate(async () => {
    const canvas = document.querySelector("#graph canvas");
    let last = performance.now(), slowest = 0;
    for (let step = 0; step < 30; step++) {
      canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -40, clientX: 600, clientY: 450, bubbles: true, cancelable: true }));
      await new Promise(requestAnimationFrame);
      slowest = Math.max(slowest, performance.now() - last);
      last = performance.now();
    }
    return slowest;
  });
  console.log(`slowest frame of a zoom through 5,051 modules: ${slowest.toFixed(0)} ms`);
  await page.fill("#search", "big.g7.m7");
  await page.keyboard.press("Enter");
  assert.match(await page.textContent("#details"), /big\.g7\.m7/);
  assert.deepEqual(problems, []);
});
