/** @jest-environment node */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const CSS = readFileSync(join(__dirname, "../../src/design/tokens.css"), "utf8");
const COLOURS = new Map(
  [...CSS.matchAll(/--(?:color-)?([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
);
const SURFACES = ["canvas", "surface", "raised", "sunken"];
const TEXT = 4.5;
const GRAPHICS = 3;

/** Pairs that the pages use, and the contrast that WCAG 2.2 AA requires of them. */
const PAIRS: [front: string, back: string, contrast: number][] = [
  ...SURFACES.flatMap((back): [string, string, number][] => [
    ["ink", back, TEXT],
    ["muted", back, TEXT],
    ["brand-text", back, TEXT],
    ["danger-text", back, TEXT],
    ["outline", back, GRAPHICS],
  ]),
  ["brand-contrast", "brand", TEXT],
  ["brand-contrast", "brand-strong", TEXT],
  ["danger-contrast", "danger", TEXT],
  ["danger-contrast", "danger-strong", TEXT],
  ["brand-soft-text", "brand-soft", TEXT],
  ["brand-text", "brand-soft", TEXT],
  ["danger-text", "danger-soft", TEXT],
  ["danger-soft-text", "danger-soft", TEXT],
  ["success-soft-text", "success-soft", TEXT],
  ["warning-soft-text", "warning-soft", TEXT],
  ["brand", "canvas", GRAPHICS],
  ["brand", "surface", GRAPHICS],
  ["danger", "surface", GRAPHICS],
];

/** The relative luminance of a colour, as WCAG defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const value = parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(front: string, back: string): number {
  const [light = 0, dark = 0] = [luminance(front), luminance(back)].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
}

test.each(PAIRS)("%s on %s has a contrast of %d in both themes", (front, back, required) => {
  for (const theme of ["light", "dark"] as const) {
    const found = contrast(COLOURS.get(front)?.[theme] ?? "", COLOURS.get(back)?.[theme] ?? "");
    expect(`${theme}: ${found >= required ? "enough" : found.toFixed(2)}`).toBe(`${theme}: enough`);
  }
});
