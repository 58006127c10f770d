import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
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
