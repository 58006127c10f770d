import { expect, test } from "./fixtures";

test("pages and assets are compressed, and only assets are cached", async ({ home }) => {
  const [script] = await home.locator("script[src^='/_next/static/']").all();
  const path = (await script?.getAttribute("src")) ?? "";
  const asset = await home.request.get(path, { headers: { "accept-encoding": "gzip" } });
  expect(asset.headers()).toMatchObject({
    "content-encoding": "gzip",
    "cache-control": "public, max-age=31536000, immutable",
  });
  const page = await home.request.get("/projects", { headers: { "accept-encoding": "gzip" } });
  expect(page.headers()["content-encoding"]).toBe("gzip");
  // Neither a proxy nor the browser keeps what only this user may see.
  for (const headers of [{}, { rsc: "1" }]) {
    const answer = await home.request.get("/projects", { headers });
    expect(answer.headers()["cache-control"]).toMatch(/no-store/);
    expect(answer.headers()["cache-control"]).not.toMatch(/public|s-maxage/);
  }
});

test("going back after signing out shows nothing of the user", async ({ home }) => {
  await home.getByRole("link", { name: "Account of" }).click();
  await expect(home.getByRole("heading", { name: "Account", level: 1 })).toBeVisible();
  await home.getByRole("button", { name: "Sign out" }).click();
  await expect(home).toHaveURL("/sign-in");
  await home.goBack();
  await expect(home.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
