import { test as base, expect, type Page } from "@playwright/test";
import { GATEWAY_URL } from "./env";

export { expect };

export const PASSWORD = "lantern gravel osprey 71";

export interface User {
  name: string;
  email: string;
}

interface Fixtures {
  /** Console errors that a test causes on purpose. */
  expected: RegExp | undefined;
  /** Everything that goes wrong in the browser fails the test. */
  problems: string[];
  /** A user with a verified address. */
  user: User;
  /** A page on which the user is signed in. */
  home: Page;
}

export const test = base.extend<Fixtures>({
  expected: [undefined, { option: true }],
  problems: [
    async ({ context, expected }, provide) => {
      const problems: string[] = [];
      const note = (text: string) => {
        // Chromium ends requests when a network of containers comes or goes.
        if (!expected?.test(text) && !text.includes("ERR_NETWORK_CHANGED")) problems.push(text);
      };
      context.on("weberror", (error) => {
        note(error.error().message);
      });
      // Violations of the content security policy are console errors too.
      context.on("console", (message) => {
        if (message.type() === "error") note(`${message.text()} ${message.location().url}`);
      });
      await provide(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
  user: async ({}, provide) => {
    await provide(await createUser());
  },
  home: async ({ page, user }, provide) => {
    await signIn(page, user);
    await provide(page);
  },
});

export function newUser(): User {
  const id = crypto.randomUUID();
  return { name: `Ada ${id.slice(0, 6)}`, email: `ada-${id}@example.com` };
}

/** A user who has registered and opened the mailed link without a browser, which has a session named `node`. */
export async function createUser(): Promise<User> {
  const user = newUser();
  await post("/api/auth/register", { ...user, password: PASSWORD }, 202);
  const token = new URL(await mailedLink(user.email)).searchParams.get("token");
  await post("/api/auth/verify", { token, password: PASSWORD }, 200);
  return user;
}

export async function post(path: string, body: object, status: number, headers = {}): Promise<unknown> {
  const response = await fetch(`${GATEWAY_URL}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return text ? (JSON.parse(text) as unknown) : undefined;
}

/** The link in a mail to an address; `number` is how many mails it has had by then. */
export async function mailedLink(email: string, number = 1): Promise<string> {
  const query = new URLSearchParams({ to: email, number: String(number), wait: "20" });
  const response = await fetch(`${GATEWAY_URL}/inbox/messages?${query.toString()}`);
  const mails = (await response.json()) as { links: string[] }[];
  expect(mails.length).toBeGreaterThanOrEqual(number);
  const [link] = mails[0]?.links ?? [];
  if (!link) throw new Error(`No link in the mail to ${email}`);
  return link;
}

/** The path of a mailed link on the frontend that is tested. */
export async function mailedPath(email: string, number = 1): Promise<string> {
  const url = new URL(await mailedLink(email, number));
  return `${url.pathname}${url.search}`;
}

export async function signIn(page: Page, { email }: User) {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Projects", level: 1 })).toBeVisible();
}

/** Create a project from the list of projects, and stay on its page. */
export async function createProject(page: Page, name: string) {
  await page.goto("/projects");
  await page.getByRole("link", { name: "New project" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create project" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}
