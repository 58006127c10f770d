// Prints, as JSON, the bytes of JavaScript in brotli that each page of a build loads before the first interaction, and all
// that it can load later, such as dialogs: node scripts/bundle-sizes.mjs. The page `/_not-found` has nothing of its own.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { brotliCompressSync } from "node:zlib";

const BUILD = resolve(".next");
const PAGES = join(BUILD, "server/app");
const MANIFEST = "page_client-reference-manifest.js";

const { rootMainFiles } = JSON.parse(readFileSync(join(BUILD, "build-manifest.json"), "utf8"));
const require = createRequire(import.meta.url);
for (const name of readdirSync(PAGES, { recursive: true })) if (name.endsWith(MANIFEST)) require(join(PAGES, name));

const known = new Map();

function size(file) {
    if (!known.has(file)) known.set(file, brotliCompressSync(readFileSync(join(BUILD, file))).length);
    return known.get(file);
}

function bytes(files) {
    return [...new Set(files)].reduce((sum, file) => sum + size(file), 0);
}

const pages = Object.entries(globalThis.__RSC_MANIFEST).map(([page, { entryJSFiles }]) => {
    // Groups such as (private) are no part of an address.
    const route = page.replace(/\/\([^)]*\)/g, "").replace(/\/page$/, "") || "/";
    return [route, bytes([...rootMainFiles, ...Object.values(entryJSFiles).flat()])];
});
console.log(JSON.stringify(Object.fromEntries(pages.sort()), null, 2));
