import { expect, test } from "./fixtures";

const ZONE = "Asia/Kolkata";

function format(value: string, timeZone: string): string {
  return new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone }).format(new Date(value));
}

test.use({ timezoneId: ZONE });

test("times are those of the user's time zone", async ({ home }) => {
  await home.goto("/account");
  const first = home.getByRole("list", { name: "Sessions" }).locator("time").first();
  await expect(first).not.toContainText("UTC");
  expect(await first.innerText()).toBe(format((await first.getAttribute("datetime")) ?? "", ZONE));
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("times are in UTC", async ({ home }) => {
    await home.goto("/account");
    const first = home.getByRole("list", { name: "Sessions" }).locator("time").first();
    expect(await first.innerText()).toBe(`${format((await first.getAttribute("datetime")) ?? "", "UTC")} UTC`);
  });
});
