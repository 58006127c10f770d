import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { mailedLink, post } from "./fixtures";
import { EMAIL, GATEWAY_URL, PAGES, PASSWORD } from "./env";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const GUEST = "ada@example.com";
const POLLS = 20;

interface Tokens {
  access_token: string;
}

let user: BrowserContext;
let project: string;
/** What links in mail have. */
let query: string;

test.beforeAll(async ({ browser }) => {
  user = await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce" });
  const page = await user.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/projects/);
  await page.close();
  const { access_token } = (await post("/api/auth/login", { email: EMAIL, password: PASSWORD }, 200)) as Tokens;
  const authorization = { authorization: `Bearer ${access_token}` };
  const response = await fetch(`${GATEWAY_URL}/api/projects?limit=100`, { headers: authorization });
  const { items } = (await response.json()) as { items: { id: string; role: string }[] };
  // One in which the user may do everything.
  project = items.find(({ role }) => role === "owner")?.id ?? "";
  await post(`/api/projects/${project}/members`, { email: GUEST, role: "editor" }, 202, authorization);
  const token = new URL(await mailedLink(GUEST)).searchParams.get("token") ?? "";
  query = `?${new URLSearchParams({ token, email: GUEST }).toString()}`;
});

async function picture(page: Page, name: string, variant: string) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `pictures/${name}-${variant}.png`, animations: "disabled" });
}

/** Lets the status page ask some more times. */
async function poll(page: Page) {
  for (let number = 0; number < POLLS; number += 1) {
    const answer = page.waitForResponse("**/status/feed");
    await page.clock.runFor(5_000);
    await answer;
  }
}

for (const [name, path] of Object.entries(PAGES)) {
  test(name, async ({ browser }) => {
    const wanted = path.replace("[id]", project);
    let page = await user.newPage();
    if (name === "status") await page.clock.install();
    let response = await page.goto(wanted + query);
    if (new URL(page.url()).pathname !== wanted) {
      // Pages for everybody lead users elsewhere.
      await page.close();
      page = await browser.newPage({ viewport: DESKTOP, reducedMotion: "reduce" });
      response = await page.goto(wanted + query);
    }
    expect(response?.status()).toBeLessThan(400);
    await page.waitForLoadState("networkidle");
    if (name === "status") await poll(page);
    await picture(page, name, "light");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, name, "dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(PHONE);
    await picture(page, name, "phone");
    await page.close();
  });
}
