import { readdirSync } from "node:fs";
import type { NextConfig } from "next";

/** The routes of the folder, such as `/projects/[id]`, those without parameters first; groups are not part of them. */
function routesOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `/${file}`);
  const routes = files.filter((file) => /\/(page|route)\.tsx?$/.test(file)).map((file) => file.replace(/\/[^/]*$/, ""));
  const paths = routes.map((route) => route.replace(/\/\([^/]+\)/g, "") || "/");
  const others = ["/icon.svg", "/favicon.ico", "/_next/[...file]"];
  return [...paths, ...others].sort((one, other) => Number(one.includes("[")) - Number(other.includes("[")));
}

const config: NextConfig = {
  output: "standalone",
  env: { ROUTES: routesOf(`${import.meta.dirname}/src/app`).join(" ") },
  // The standalone server is in .next/standalone itself, whatever folder is above this one.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  outputFileTracingExcludes: { "/*": ["node_modules/sharp/**", "node_modules/@img/**"] },
  images: { unoptimized: true },
  // The metadata of a page belongs into its head also without JavaScript.
  htmlLimitedBots: /.*/,
  // Browsers ask for it whatever a page says.
  rewrites: () => Promise.resolve([{ source: "/favicon.ico", destination: "/icon.svg" }]),
  // `npm run types` checks them, also those of tests.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  allowedDevOrigins: ["127.0.0.1"],
};

export default config;
