/** @jest-environment node */
import { safePath } from "@/server/paths";

test("paths of this site are kept", () => {
  expect(safePath("/projects/1?after=2")).toBe("/projects/1?after=2");
});

test.each([
  "/.//elsewhere.example",
  "/%2e//elsewhere.example",
  "/projects/..//elsewhere.example",
  "/./\\elsewhere.example",
])("%p stays on this site", (path) => {
  expect(safePath(path)).toBe("/elsewhere.example");
});

test.each([
  "https://elsewhere.example",
  "//elsewhere.example",
  "/\\elsewhere.example",
  "\\\\x",
  "javascript:1",
  "",
  1,
  undefined,
])("%p is replaced", (path) => {
  expect(safePath(path)).toBe("/projects");
});
