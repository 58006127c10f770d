import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "./fixtures";

export const PHONE = { width: 390, height: 844 };

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** axe in both themes, of which the second only changes colours, and no scrolling sideways on a phone. */
export async function check(page: Page) {
  await showTheme(page, "light");
  await expectNoViolations(page, new AxeBuilder({ page }).withTags(RULES));
  await showTheme(page, "dark");
  await expectNoViolations(page, new AxeBuilder({ page }).withRules("color-contrast"));
  const size = page.viewportSize();
  await page.setViewportSize(PHONE);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
  if (size) await page.setViewportSize(size);
}

/** Waits for transitions, however short: a colour that is still changing has no contrast to check. */
async function showTheme(page: Page, colorScheme: "light" | "dark") {
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== "running"));
}

async function expectNoViolations(page: Page, axe: AxeBuilder) {
  const { violations } = await axe.analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
  );
  expect(found, `rules broken by ${page.url()}`).toEqual([]);
}
