import { createProject, expect, PASSWORD, signIn } from "./fixtures";
import { test } from "./own-site";

// The browser reports requests for data that failed.
test.use({ expected: /Failed to load resource|Failed to fetch/ });

test("a page recovers automatically when the gateway does", async ({ page, site, user }) => {
  await signIn(page, user);
  await createProject(page, "Voyager");
  await site.cutGateway();
  await page.reload();
  await expect(page.getByRole("heading", { name: "The service is unavailable" })).toBeVisible();
  await site.connectGateway();
  await expect(page.getByRole("heading", { name: "Voyager", level: 1 })).toBeVisible();
});

test("a page comes back automatically when its service does, and other pages stay", async ({ page, site, user }) => {
  await signIn(page, user);
  site.loseService("/api/projects");
  await page.goto("/projects");
  await expect(page.getByRole("heading", { name: "The service is unavailable" })).toBeVisible();
  site.loseService(undefined);
  await expect(page.getByRole("heading", { name: "No projects yet" })).toBeVisible();
  site.loseService("/api/projects");
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Account", level: 1 })).toBeVisible();
});

test("a session survives an outage in which its token expires", async ({ page, site, user, context }) => {
  await signIn(page, user);
  await site.cutGateway();
  await context.clearCookies({ name: "__Host-access" });
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "The service is unavailable" })).toBeVisible();
  await site.connectGateway();
  await expect(page.getByRole("heading", { name: "Account", level: 1 })).toBeVisible();

  site.loseService("/api/auth/refresh");
  await context.clearCookies({ name: "__Host-access" });
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "The service is unavailable" })).toBeVisible();
  site.loseService(undefined);
  await expect(page.getByRole("heading", { name: "Account", level: 1 })).toBeVisible();
});

test("a form keeps what was typed when the gateway is away", async ({ page, site, user }) => {
  await page.goto("/sign-in");
  await site.cutGateway();
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("The service cannot be reached. Try again in a moment.")).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue(user.email);
  await site.connectGateway();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/projects");
});

test("optimistic changes are taken back when they fail", async ({ page, site, user }) => {
  await signIn(page, user);
  await page.goto("/account");
  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await expect(sessions).toHaveCount(2);
  await site.cutGateway();
  await page.getByRole("button", { name: "End the session of node" }).click();
  await expect(page.getByText("The service cannot be reached. Try again in a moment.")).toBeVisible();
  await expect(sessions).toHaveCount(2);
  await site.connectGateway();
  await page.getByRole("button", { name: "End the session of node" }).click();
  await expect(sessions).toHaveCount(1);
  await expect(page.getByText("The service cannot be reached.")).toBeHidden();
});

test("the status page reports an outage and its end", async ({ page, site, user }) => {
  await signIn(page, user);
  await page.goto("/status");
  await expect(page.getByText("Everything works.")).toBeVisible();
  await site.cutGateway();
  await expect(page.getByText("The application cannot be reached.")).toBeVisible();
  await site.connectGateway();
  await expect(page.getByText("Everything works.")).toBeVisible();
});
