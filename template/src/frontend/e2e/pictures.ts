import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { EMAIL, GATEWAY_URL, PAGES, PASSWORD } from "./env";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** What links in mail have. */
const QUERY = "?token=picture&email=ada@example.com";

let user: BrowserContext;
let project: string;

test.beforeAll(async ({ browser }) => {
  user = await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce" });
  const page = await user.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/projects/);
  await page.close();
  project = await ownedProject();
});

/** The ID of a project in which the user may do everything. */
async function ownedProject(): Promise<string> {
  const body = JSON.stringify({ email: EMAIL, password: PASSWORD });
  const headers = { "content-type": "application/json" };
  const login = await fetch(`${GATEWAY_URL}/api/auth/login`, { method: "POST", headers, body });
  const { access_token } = (await login.json()) as { access_token: string };
  const response = await fetch(`${GATEWAY_URL}/api/projects?limit=100`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  const { items } = (await response.json()) as { items: { id: string; role: string }[] };
  return items.find(({ role }) => role === "owner")?.id ?? "";
}

async function picture(page: Page, name: string, variant: string) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `pictures/${name}-${variant}.png`, animations: "disabled" });
}

for (const [name, path] of Object.entries(PAGES)) {
  test(name, async ({ browser }) => {
    const wanted = path.replace("[id]", project);
    let page = await user.newPage();
    let response = await page.goto(wanted + QUERY);
    if (new URL(page.url()).pathname !== wanted) {
      // Pages for everybody lead users elsewhere.
      await page.close();
      page = await browser.newPage({ viewport: DESKTOP, reducedMotion: "reduce" });
      response = await page.goto(wanted + QUERY);
    }
    expect(response?.status()).toBeLessThan(400);
    await page.waitForLoadState("networkidle");
    await picture(page, name, "light");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, name, "dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(PHONE);
    await picture(page, name, "phone");
    await page.close();
  });
}
