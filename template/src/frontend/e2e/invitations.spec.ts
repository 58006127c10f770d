import { createProject, createUser, expect, mailedPath, signIn, test } from "./fixtures";

test("a person is invited, accepts, gets another role, and is removed", async ({ home, user, browser }) => {
  const guest = await createUser();
  await createProject(home, "Soyuz");
  await home.getByRole("link", { name: "Invite" }).click();
  await home.getByLabel("Email").fill(guest.email);
  await home.getByLabel("Role", { exact: true }).selectOption("viewer");
  await home.getByRole("button", { name: "Send invitation" }).click();
  await expect(home.getByRole("dialog")).toBeHidden();
  const pending = home.getByRole("list", { name: "Invitations" });
  await expect(pending).toContainText(guest.email);

  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(await mailedPath(guest.email, 2));
  await expect(page.getByText(`${user.name} invites you with the role viewer.`)).toBeVisible();
  await signIn(page, guest);
  await page.getByRole("button", { name: "Accept the invitation to Soyuz" }).click();
  await expect(page.getByText("You are a member of this project now.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Edit" })).toBeHidden();

  await home.reload();
  await expect(pending).toBeHidden();
  await home.getByLabel(`Role of ${guest.name}`).selectOption("editor");
  await page.waitForFunction(async () => (await (await fetch(location.href)).text()).includes("/edit"));
  await page.reload();
  await expect(page.getByRole("link", { name: "Edit" })).toBeVisible();
  await home.getByRole("button", { name: `Remove ${guest.name}` }).click();
  await expect(home.getByRole("list", { name: "Members" }).getByRole("listitem")).toHaveCount(1);
  await context.close();
});

test("an invitation is withdrawn, and another declined", async ({ home, browser }) => {
  const guest = await createUser();
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, guest);
  for (const name of ["One", "Two"]) {
    await createProject(home, name);
    await home.getByRole("link", { name: "Invite" }).click();
    await home.getByLabel("Email").fill(guest.email);
    await home.getByRole("button", { name: "Send invitation" }).click();
    await expect(home.getByRole("list", { name: "Invitations" })).toContainText(guest.email);
  }
  await home.getByRole("button", { name: `Withdraw the invitation of ${guest.email}` }).click();
  await expect(home.getByRole("list", { name: "Invitations" })).toBeHidden();
  await page.reload();
  await expect(page.getByRole("list", { name: "Invitations" }).getByRole("listitem")).toHaveCount(1);
  await page.getByRole("button", { name: "Decline the invitation to One" }).click();
  await expect(page.getByText("You have declined the invitation.")).toBeVisible();
  await context.close();
});
