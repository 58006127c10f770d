import { GATEWAY_URL } from "./env";
import { expect, PASSWORD, signIn, test } from "./fixtures";

const MORE_THAN_THE_LIMIT = 100;

/** An address of RFC 5737 that no other test has. */
function address(): string {
  return `203.0.113.${1 + Math.floor(Math.random() * 254)}`;
}

test("a client that exhausts its limit does not lock out others, and each device is listed", async ({
  user,
  browser,
}) => {
  const [flooding, other] = [address(), "198.51.100.7"];
  const open = (from: string) => browser.newPage({ extraHTTPHeaders: { "x-forwarded-for": from } });
  for (let sent = 0; sent < MORE_THAN_THE_LIMIT; sent += 1)
    await fetch(`${GATEWAY_URL}/api/auth/login`, { method: "POST", headers: { "x-forwarded-for": flooding } });

  const refused = await open(flooding);
  await refused.goto("/sign-in");
  await refused.getByLabel("Email").fill(user.email);
  await refused.getByLabel("Password").fill(PASSWORD);
  await refused.getByRole("button", { name: "Sign in" }).click();
  await expect(refused.getByRole("alert").filter({ hasText: "Too many requests" })).toBeVisible();

  const page = await open(other);
  await signIn(page, user);
  await page.goto("/account");
  const sessions = page.getByRole("list", { name: "Sessions" });
  await expect(sessions).toContainText(other);
  await expect(sessions).toContainText(/Chrome on|Firefox on|Safari on/);
  await refused.close();
  await page.close();
});
