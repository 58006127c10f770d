// Drives the local page of a `dev` that runs, in Chromium: LINK is that of the page, IDS those of a trace and its two spans.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import AxeBuilder from "@axe-core/playwright";
import { chromium, expect } from "@playwright/test";

const { CHROMIUM, GATEWAY, IDS, LINK } = process.env;
const [trace, , span] = IDS.split(" ");
const { origin, port } = new URL(LINK);
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const args = ["--no-sandbox", "--host-resolver-rules=MAP evil.example 127.0.0.1"];
const browser = await chromium.launch({ executablePath: CHROMIUM, args });
const context = await browser.newContext({ reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(30_000);
const problems = [];
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(error.message));
const requested = new Set();
page.on("request", (request) => requested.add(new URL(request.url()).origin));

async function check(view) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
    );
    assert.deepEqual(found, [], `${view} in ${colorScheme}`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${view} scrolls sideways on a phone`);
  await page.setViewportSize({ width: 1280, height: 800 });
}

// Without the token, nothing.
const outside = await browser.newPage();
await outside.goto(origin);
await expect(outside.locator("body")).toContainText("Open the link");

// The services, and their log lines as they come.
await page.goto(LINK);
assert.equal(page.url(), `${origin}/`);
const alpha = page.locator("#service-alpha");
await expect(alpha).toContainText("ready");
await expect(page.locator("#service-PostgreSQL")).toContainText("ready");
await expect(page.locator("#service-PostgreSQL").getByRole("button")).toHaveCount(0);
const lines = page.getByRole("log").locator("li");
for (const path of ["/one", "/two"]) await fetch(GATEWAY + path);
await expect(lines.filter({ hasText: "path=/two" })).toHaveText(/gateway INFO request path=\/two r-1$/);
await check("logs");

// The filters.
await page.getByLabel("Text").fill("/ONE");
await expect(lines).toHaveText([/path=\/one/]);
await page.getByRole("button", { name: "Clear" }).click();
await page.getByRole("combobox", { name: "Service" }).selectOption("alpha");
await expect(lines.filter({ hasText: "gateway" })).toHaveCount(0);
await page.getByLabel("Level").selectOption("error");
await expect(lines).toHaveCount(0);
await page.goto(`${origin}/#/logs?service=gateway&text=path=/two`);
await lines.getByRole("link", { name: "r-1" }).click();
await expect(page.getByLabel("Request ID")).toHaveValue("r-1");
await expect(lines.filter({ hasText: "path=/one" })).toHaveCount(1);

// A trace, and the log lines of a span.
await page.getByRole("link", { name: "Traces" }).click();
await page.getByRole("link", { name: "GET /api/things/{id}" }).click();
await expect(page.getByRole("heading", { name: "GET /api/things/{id}" })).toHaveText(/ms, 2 spans$/);
const spans = page.locator("summary");
await expect(spans).toHaveText([/gateway GET \/api\/things\/\{id\}/, /alpha SELECT things/]);
await spans.nth(1).press("Enter");
await expect(page.getByText("ValueError")).toBeVisible();
await check("a trace");
await page.locator("li:nth-child(2)").getByRole("link", { name: "Log lines of this span" }).click();
await expect(page.getByLabel("Trace")).toHaveValue(trace);
await expect(page.getByLabel("Span")).toHaveValue(span);
await page.getByRole("link", { name: "Traces" }).click();
await expect(page.getByText("Newest first.")).toBeVisible();
await check("traces");
for (const [name, text] of [
  ["Metrics", "The last five minutes"],
  ["Mail", "No inbox"],
]) {
  await page.getByRole("link", { name }).click();
  await expect(page.getByText(text)).toBeVisible();
  await check(name);
}

// With the keyboard alone, a restart.
await page.goto(`${origin}/#/logs`);
await page.reload();
await page.keyboard.press("Tab");
await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
const restart = alpha.getByRole("button", { name: "Restart alpha" });
for (let count = 0; count < 20 && !(await restart.evaluate((each) => each === document.activeElement)); count += 1) {
  await page.keyboard.press("Tab");
}
await expect(restart).toBeFocused();
const restarted = page.waitForResponse(/api\/restart/);
await page.keyboard.press("Enter");
assert.equal((await restarted).status(), 200);
await expect(alpha).toContainText("ready");

// A website of another origin on this machine, to which the browser sends the cookie, can neither read nor restart.
const site = createServer((_, response) => response.end("<!doctype html><title>x</title>")).listen(0, "127.0.0.1");
await once(site, "listening");
const foreign = await context.newPage();
await foreign.goto(`http://127.0.0.1:${site.address().port}`);
const attempts = { "/api/lines": "GET", "/api/restart?service=gateway": "POST", "/v1/traces": "POST" };
for (const [path, method] of Object.entries(attempts)) {
  for (const mode of ["cors", "no-cors"]) {
    const read = ([url, options]) => fetch(url, { ...options, credentials: "include" }).then((found) => found.text());
    const found = await foreign.evaluate(read, [origin + path, { method, mode }]).catch(({ message }) => message);
    assert.match(found, /Failed to fetch/);
  }
}
site.close();

// Nor can a name that has the loopback address, even with the token.
const token = new URL(LINK).search;
assert.equal((await foreign.goto(`http://evil.example:${port}/${token}`)).status(), 403);

// Nothing came from elsewhere, and no policy was broken.
assert.deepEqual([...requested], [origin]);
assert.deepEqual(problems, []);
await browser.close();
