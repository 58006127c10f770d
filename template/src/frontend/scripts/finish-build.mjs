// Complete .next/standalone: Next leaves its static files to a CDN, and includes sharp, which resizes images for those who do.
import { cpSync, rmSync } from "node:fs";

const BUILD = ".next/standalone";

cpSync(".next/static", `${BUILD}/.next/static`, { recursive: true });
for (const unused of ["sharp", "@img"]) rmSync(`${BUILD}/node_modules/${unused}`, { recursive: true, force: true });
