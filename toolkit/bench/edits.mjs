// Prints, as JSON, the milliseconds from changes of a server and of a client component until the page shows them:
// node edits.mjs URL PAGE COMPONENT, in the folder of the frontend, with CHROMIUM in the environment.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const CHANGES = 7;
const [url, ...files] = process.argv.slice(2);
const { chromium } = createRequire(`${process.cwd()}/`)("@playwright/test");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const page = await browser.newPage();
await page.goto(url);

async function change(file, number) {
    const text = readFileSync(file, "utf8").replace(/edit \d+/, `edit ${number}`);
    const start = performance.now();
    writeFileSync(file, text);
    await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), `edit ${number}`);
    return performance.now() - start;
}

const found = [];
for (const [place, file] of files.entries()) {
    const times = [];
    for (let number = 0; number < CHANGES; number += 1) times.push(await change(file, 1000 * (place + 1) + number));
    // The first change compiles more.
    found.push(times.slice(1).sort((a, b) => a - b)[Math.floor((CHANGES - 1) / 2)]);
}
await browser.close();
console.log(JSON.stringify(found));
