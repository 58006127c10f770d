import { check } from "./axe";
import { createProject, expect, signIn } from "./fixtures";
import { test } from "./own-site";

test("each page that waits for the gateway shows that it is loading", async ({ page, site, user }) => {
  test.slow();
  await signIn(page, user);
  await createProject(page, "Viking");
  const { pathname: project } = new URL(page.url());
  const skeletons = page.locator("[data-skeleton]");
  for (const path of [
    "/projects",
    "/projects/new",
    project,
    `${project}/edit`,
    `${project}/delete`,
    `${project}/invite`,
    "/account",
    "/account/delete",
    "/status",
    "/invitation?token=x",
  ]) {
    const release = site.hold("/api/");
    await page.goto(path, { waitUntil: "commit" });
    await expect(page.getByRole("main").filter({ has: skeletons })).toBeVisible();
    // One of each kind.
    if (path === "/projects" || path === "/projects/new") await check(page);
    release();
    await expect(skeletons).toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
});

test("parts of a page are loading while others are shown", async ({ page, site, user }) => {
  await signIn(page, user);
  await createProject(page, "Mariner");
  const release = site.hold("/members");
  await page.reload({ waitUntil: "commit" });
  await expect(page.getByRole("heading", { name: "Mariner", level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: "Export events" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Loading" })).toBeVisible();
  await check(page);
  release();
  await expect(page.getByRole("list", { name: "Members" })).toContainText(user.name);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("what comes late is shown in place of the skeletons", async ({ page, site, user }) => {
    await signIn(page, user);
    await createProject(page, "Pioneer");
    const release = site.hold("/api/");
    await page.reload({ waitUntil: "commit" });
    release();
    await expect(page.getByRole("heading", { name: "Pioneer", level: 1 })).toBeVisible();
    await expect(page.getByRole("list", { name: "Members" })).toContainText(user.name);
    for (const skeleton of await page.locator("[data-skeleton]").all()) await expect(skeleton).toBeHidden();
  });
});
