import { createProject, createUser, expect, post, signIn, test } from "./fixtures";

interface Tokens {
  refresh_token: string;
}

test("an expired access token is refreshed unnoticed", async ({ home, context }) => {
  await context.clearCookies({ name: "__Host-access" });
  await home.reload();
  await expect(home.getByRole("heading", { name: "Projects", level: 1 })).toBeVisible();
  expect((await context.cookies()).map(({ name }) => name).sort()).toEqual(["__Host-access", "__Host-refresh"]);
});

test("many requests with one expired token refresh it once", async ({ home, context }) => {
  await context.clearCookies({ name: "__Host-access" });
  const paths = Array.from({ length: 30 }, (_, number) => `/projects?search=${number}`);
  const answers = await Promise.all(paths.map((path) => home.request.get(path)));
  expect(new Set(answers.map((answer) => answer.url().includes("sign-in")))).toEqual(new Set([false]));
  await home.goto("/account");
  await expect(home.getByRole("list", { name: "Sessions" })).toBeVisible();
});

test("a session that ended elsewhere leads to sign in, and back", async ({ home, user, browser }) => {
  await createProject(home, "Luna");
  const address = home.url();
  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, user);
  await other.goto("/account");
  await other.getByRole("button", { name: "End all other sessions" }).click();
  await expect(other.getByRole("list", { name: "Sessions" }).getByRole("listitem")).toHaveCount(1);
  await context.close();
  await home.goto(address);
  await expect(home.getByText("Your session has ended. Sign in again.")).toBeVisible();
  expect(await home.context().cookies()).toEqual([]);
  await home.getByLabel("Email").fill(user.email);
  await home.getByLabel("Password").fill("lantern gravel osprey 71");
  await home.getByRole("button", { name: "Sign in" }).click();
  await expect(home.getByRole("heading", { name: "Luna", level: 1 })).toBeVisible();
});

test("a stolen refresh token ends the session of the thief as well", async ({ home, context }) => {
  const stolen = (await context.cookies()).find(({ name }) => name === "__Host-refresh")?.value;
  const first = (await post("/api/auth/refresh", { refresh_token: stolen }, 200)) as Tokens;
  const second = (await post("/api/auth/refresh", first, 200)) as Tokens;
  await context.clearCookies({ name: "__Host-access" });
  await home.goto("/account");
  await expect(home).toHaveURL(/\/sign-in/);
  await post("/api/auth/refresh", second, 401);
});

test("users do not see projects of others", async ({ home, browser }) => {
  await createProject(home, "Secret");
  const address = home.url().replace(/\?.*/, "");
  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, await createUser());
  await expect(other.getByText("No projects yet")).toBeVisible();
  for (const path of ["", "/edit", "/delete", "/invite"]) {
    await other.goto(`${address}${path}`);
    await expect(other.getByRole("heading", { name: "Page not found" })).toBeVisible();
  }
  expect((await context.request.get(`${address}/audit-export`)).status()).toBe(404);
  // A page has this status unless the gateway is late, as on a busy machine.
  await expect(async () => {
    expect((await context.request.get(address)).status()).toBe(404);
  }).toPass();
  await context.close();
});

test("requests that another site causes are refused", async ({ home }) => {
  const attempts = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://elsewhere.example" },
    {},
  ];
  for (const headers of attempts) {
    const response = await home.request.post("/projects", { headers });
    expect(response.status()).toBe(403);
  }
});

test("tokens are in cookies that scripts cannot read", async ({ home, context }) => {
  expect(await home.evaluate(() => document.cookie)).toBe("");
  for (const cookie of await context.cookies())
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
  expect(await home.content()).not.toContain("eyJ");
});

test("signing out ends a session whose token is refreshed in the same request", async ({ home, context }) => {
  const refreshToken = async () => (await context.cookies()).find(({ name }) => name === "__Host-refresh")?.value;
  await context.clearCookies({ name: "__Host-access" });
  const before = await refreshToken();
  await home.getByRole("button", { name: "Sign out" }).click();
  await expect(home).toHaveURL("/sign-in");
  expect(await context.cookies()).toEqual([]);
  await post("/api/auth/refresh", { refresh_token: before }, 401);
});
