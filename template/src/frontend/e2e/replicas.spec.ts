import { request } from "@playwright/test";
import { expect, signIn } from "./fixtures";
import { OwnSite, test } from "./own-site";

const REQUESTS = 200;

test("many requests with an expired token over two replicas end no session", async ({ page, site, user, context }) => {
  const other = new OwnSite();
  await other.start();
  await signIn(page, user);
  const refreshToken = (await context.cookies()).find(({ name }) => name === "__Host-refresh")?.value ?? "";
  // Each request has the old cookie, as if all were sent at once.
  const client = await request.newContext({ extraHTTPHeaders: { cookie: `__Host-refresh=${refreshToken}` } });
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, (_, number) =>
      client.get(`${number % 2 ? site.url : other.url}/projects?search=${number}`, { maxRedirects: 0 }),
    ),
  );
  expect(new Set(answers.map((answer) => answer.status()))).toEqual(new Set([200]));
  expect(site.refreshes + other.refreshes).toBeLessThanOrEqual(2);
  await client.dispose();
  await page.goto("/account");
  await expect(page.getByRole("list", { name: "Sessions" })).toBeVisible();
  await other.stop();
});
