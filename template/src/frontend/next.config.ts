import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  // The standalone server is in .next/standalone itself, whatever folder is above this one.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  outputFileTracingExcludes: { "/*": ["node_modules/sharp/**", "node_modules/@img/**"] },
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  devIndicators: false,
};

export default config;
