import { defineConfig, devices } from "@playwright/test";
import { BROWSER, CHROMIUM, SITE_URL } from "./e2e/env";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  projects: [
    { name: "tests", testIgnore: "**/stopped.spec.ts" },
    // These stop what the other tests use.
    { name: "stopped", testMatch: "**/stopped.spec.ts", dependencies: ["tests"], workers: 1 },
  ],
  use: {
    ...devices[BROWSER],
    baseURL: SITE_URL,
    // A test waits for no animation.
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    ...(CHROMIUM ? { launchOptions: { executablePath: CHROMIUM, args: ["--no-sandbox"] } } : {}),
  },
});
