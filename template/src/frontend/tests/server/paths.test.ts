/** @jest-environment node */
import { safePath } from "@/server/paths";

test("paths of this site are kept", () => {
  expect(safePath("/projects/1?after=2")).toBe("/projects/1?after=2");
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
