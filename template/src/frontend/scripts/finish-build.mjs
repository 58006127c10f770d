// Completes .next/standalone, for `npm start` and the image: Next leaves out static files, which a CDN could serve, and
// includes sharp, which changes images; ours are served as they are.
import { cpSync, existsSync, rmSync } from "node:fs";

const BUILD = ".next/standalone";

cpSync(".next/static", `${BUILD}/.next/static`, { recursive: true });
if (existsSync("public")) cpSync("public", `${BUILD}/public`, { recursive: true });
for (const unused of ["sharp", "@img"]) rmSync(`${BUILD}/node_modules/${unused}`, { recursive: true, force: true });
