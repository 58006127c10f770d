import { check, PHONE } from "./axe";
import { createProject, createUser, expect, PASSWORD, signIn, test } from "./fixtures";

test("public pages", async ({ page }) => {
  const paths = [
    "/sign-in?notice=ended",
    "/sign-up",
    "/sign-up/sent?email=ada@example.com&again=true",
    "/verify?token=x",
    "/forgot-password",
    "/forgot-password/sent?email=ada@example.com",
    "/reset-password?token=x",
    "/confirm-email?token=x",
  ];
  for (const path of paths) {
    await page.goto(path);
    await check(page);
  }
  await page.goto("/sign-up");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Please fill out this field.").first()).toBeVisible();
  await check(page);
});

test("pages of a user", async ({ home }) => {
  test.slow();
  await check(home);
  await home.getByRole("link", { name: "New project" }).click();
  await expect(home.getByRole("dialog", { name: "New project" })).toBeVisible();
  await check(home);
  await createProject(home, "Apollo with a very long name that has no end and noplacetobreakitneithernowhere");
  const address = home.url().replace(/\?.*/, "");
  await home.getByRole("link", { name: "Invite" }).click();
  await home.getByLabel("Email").fill((await createUser()).email);
  await check(home);
  await home.getByRole("button", { name: "Send invitation" }).click();
  await expect(home.getByRole("list", { name: "Invitations" })).toBeVisible();
  await check(home);
  await home.getByRole("link", { name: "Delete" }).click();
  await expect(home.getByRole("dialog")).toBeVisible();
  await check(home);
  for (const path of ["/edit", "/delete", "/invite"]) {
    await home.goto(`${address}${path}`);
    await check(home);
  }
  for (const path of ["/projects", "/projects?search=nothing", "/projects/new", "/account", "/account/delete"]) {
    await home.goto(path);
    await check(home);
  }
  await home.goto("/status");
  await expect(home.getByText("Everything works.")).toBeVisible();
  await check(home);
});

test("each component in each state", async ({ page }) => {
  await page.goto("/design-system");
  await check(page);
  await page.getByRole("link", { name: "A dialog" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await check(page);
});

test.describe("pages of failures", () => {
  test.use({ expected: /404/ });

  test("not found and unavailable", async ({ page }) => {
    await page.goto("/nothing");
    await check(page);
    await page.goto("/unavailable?to=/unavailable");
    await check(page);
  });
});

test("everything works with the keyboard alone", async ({ page, user }) => {
  const type = page.keyboard;
  await page.goto("/sign-in");
  await page.getByLabel("Email").focus();
  await type.type(user.email);
  await type.press("Tab");
  await type.type(PASSWORD);
  await type.press("Enter");
  await expect(page.getByRole("heading", { name: "Projects", level: 1 })).toBeVisible();

  await page.goto("/projects");
  await type.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.getByRole("link", { name: "New project" }).focus();
  await type.press("Enter");
  const dialog = page.getByRole("dialog", { name: "New project" });
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await type.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name: "New project" })).toBeFocused();
  await type.press("Enter");
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await type.type("Keyboard");
  await type.press("Enter");
  await expect(page.getByRole("heading", { name: "Keyboard", level: 1 })).toBeVisible();

  await page.getByRole("link", { name: "Delete" }).focus();
  await type.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await type.press("Tab");
  await page.getByRole("button", { name: "Delete project" }).focus();
  await type.press("Enter");
  await expect(page.getByText("The project is deleted.")).toBeVisible();
});

test("a phone has the whole journey", async ({ page, user }) => {
  await page.setViewportSize(PHONE);
  await signIn(page, user);
  await createProject(page, "Pocket");
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Description").fill("From a phone.");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByText("From a phone.")).toBeVisible();
  await page.getByRole("link", { name: "Status" }).click();
  await expect(page.getByRole("heading", { name: "Status" })).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL("/sign-in");
});
