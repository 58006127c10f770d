/** URL of the frontend that the tests use. */
export const SITE_URL = process.env.SITE_URL ?? "http://127.0.0.1:3000";

/** URL of its gateway, for the inbox and for users that tests create. */
export const GATEWAY_URL = process.env.GATEWAY_URL ?? "http://127.0.0.1:8000";

/** What `npm run build` makes, for tests that start a frontend of their own. */
export const SERVER = process.env.SERVER ?? ".next/standalone/server.js";

/** A Chromium to use instead of Playwright's own, such as /usr/bin/chromium. */
export const CHROMIUM = process.env.CHROMIUM;

/** A device of Playwright: Desktop Chrome, Desktop Firefox or Desktop Safari. */
export const BROWSER = process.env.BROWSER ?? "Desktop Chrome";

/** The command that stops the service in its argument until its input ends; a stack has none. */
export const STOP = JSON.parse(process.env.STOP ?? "[]") as string[];

/** For pictures: the path of each page by its name, and a user with seeded projects. */
export const PAGES = JSON.parse(process.env.PAGES ?? "{}") as Record<string, string>;
export const EMAIL = process.env.EMAIL ?? "";
export const PASSWORD = process.env.PASSWORD ?? "";
