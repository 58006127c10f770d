// Prints, as JSON, the bytes of JavaScript in brotli of each page of a build: node scripts/bundle-sizes.mjs
// `first` is what it loads before the first interaction, `own` the part of it that an empty page with the same layouts would
// not load, and `later` what it can load in addition, such as dialogs.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { brotliCompressSync } from "node:zlib";

const BUILD = resolve(".next");
const PAGES = join(BUILD, "server/app");
const MANIFEST = "page_client-reference-manifest.js";
const CHUNK = /"(static\/chunks\/[^"]+\.js)"/g;

const { rootMainFiles } = JSON.parse(readFileSync(join(BUILD, "build-manifest.json"), "utf8"));
const require = createRequire(import.meta.url);
for (const name of readdirSync(PAGES, { recursive: true })) if (name.endsWith(MANIFEST)) require(join(PAGES, name));

const sizes = new Map();

function bytes(files) {
    for (const file of files)
        if (!sizes.has(file)) sizes.set(file, brotliCompressSync(readFileSync(join(BUILD, file))).length);
    return [...files].reduce((sum, file) => sum + sizes.get(file), 0);
}

/** The files, and all that code in them can load. */
function reachable(files) {
    const found = new Set(files);
    for (const file of found)
        for (const [, other] of readFileSync(join(BUILD, file), "utf8").matchAll(CHUNK)) found.add(other);
    return found;
}

const pages = Object.entries(globalThis.__RSC_MANIFEST).map(([page, { entryJSFiles }]) => {
    const entries = Object.entries(entryJSFiles);
    const first = new Set([...rootMainFiles, ...entries.flatMap(([, files]) => files)]);
    const frame = new Set([
        ...rootMainFiles,
        ...entries.flatMap(([name, files]) => (name.endsWith("/page") ? [] : files)),
    ]);
    const own = new Set([...first].filter((file) => !frame.has(file)));
    const later = [...reachable(own)].filter((file) => !first.has(file));
    // Groups such as (private) are no part of an address.
    const route = page.replace(/\/\([^)]*\)/g, "").replace(/\/page$/, "") || "/";
    return [route, { first: bytes(first), own: bytes(own), later: bytes(later) }];
});
console.log(JSON.stringify(Object.fromEntries(pages.sort()), null, 2));
