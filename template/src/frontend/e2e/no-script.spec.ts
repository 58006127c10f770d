import { createProject, expect, PASSWORD, signIn, test } from "./fixtures";

test.use({ javaScriptEnabled: false });

test("signing in and out, creating, renaming and deleting work without JavaScript", async ({ page, user }) => {
  await page.goto("/projects");
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password").fill("a wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("Wrong email or password.")).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue(user.email);
  await signIn(page, user);

  await page.getByRole("link", { name: "New project" }).click();
  await page.getByLabel("Name").fill(" ");
  await page.getByLabel("Description").fill("Kept");
  await page.getByRole("button", { name: "Create project" }).click();
  await expect(page.getByText("Must have at least 1 character")).toBeVisible();
  await expect(page.getByLabel("Description")).toHaveValue("Kept");
  await page.getByLabel("Name").fill("Gemini");
  await page.getByRole("button", { name: "Create project" }).click();
  await expect(page.getByRole("heading", { name: "Gemini", level: 1 })).toBeVisible();

  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Name").fill("Gemini 4");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("heading", { name: "Gemini 4", level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/Gemini 4/);

  await page.getByRole("link", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete project" }).click();
  await expect(page.getByText("The project is deleted.")).toBeVisible();

  await page.goto("/account");
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL("/sign-in");
});

test("members and sessions are changed without JavaScript", async ({ page, user }) => {
  await signIn(page, user);
  await createProject(page, "Mercury");
  await page.getByLabel(`Role of ${user.name}`).selectOption("viewer");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("owner");
  await page.goto("/account");
  await page.getByRole("button", { name: "End the session of node" }).click();
  await expect(page.getByRole("list", { name: "Sessions" }).getByRole("listitem")).toHaveCount(1);
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Must have at least 12 characters")).toBeVisible();
});
