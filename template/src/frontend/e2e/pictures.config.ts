import { defineConfig } from "@playwright/test";
import { CHROMIUM, SITE_URL } from "./env";

/** For `nox -s screenshots`. */
export default defineConfig({
  testDir: ".",
  testMatch: "pictures.ts",
  outputDir: "../test-results",
  workers: 1,
  timeout: 60_000,
  reporter: "line",
  use: {
    baseURL: SITE_URL,
    trace: "retain-on-failure",
    ...(CHROMIUM ? { launchOptions: { executablePath: CHROMIUM, args: ["--no-sandbox"] } } : {}),
  },
});
