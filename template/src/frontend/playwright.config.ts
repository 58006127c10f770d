import { defineConfig } from "@playwright/test";
import { SITE_URL } from "./e2e/env";

export default defineConfig({ testDir: "e2e", use: { baseURL: SITE_URL } });
