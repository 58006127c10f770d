/** @jest-environment node */
import { describeProblem, readForm } from "@/server/problems";

const VALUES = { email: "ada@example.com", password: "secret" };

test("errors are beside their fields, and secrets are not kept", () => {
  const errors = [
    { field: "email", code: "invalid", message: "Must be an address" },
    { field: "email", code: "taken", message: "Is taken." },
  ];
  expect(describeProblem({ status: 422, data: { detail: "Invalid", errors } }, VALUES)).toEqual({
    values: { email: "ada@example.com" },
    errors: { email: ["Must be an address.", "Is taken."] },
  });
});

test("an error of a field that the form does not show is its message", () => {
  const errors = [{ field: "token", code: "link_invalid", message: "Is of a link that has expired" }];
  const state = describeProblem({ status: 422, data: { errors } }, VALUES);
  expect(state).toMatchObject({ errors: {}, message: "Is of a link that has expired." });
});

test.each([
  [401, { detail: "Wrong email or password" }, "Wrong email or password."],
  [
    503,
    { detail: "Too many passwords are being checked; try again" },
    "Too many passwords are being checked; try again.",
  ],
  [500, { detail: "Internal server error" }, "Something went wrong on our side. Try again."],
  [502, { detail: "upstream" }, "The service is not available at the moment. Try again."],
  [418, undefined, "This did not work. Try again."],
])("the message of status %d", (status, data, message) => {
  expect(describeProblem({ status, data }, {}).message).toBe(message);
});

test("a missing or binary field is empty", () => {
  const form = new FormData();
  form.set("name", "Ada");
  form.set("file", new Blob(["x"]));
  expect(readForm(form, ["name", "file", "other"])).toEqual({ name: "Ada", file: "", other: "" });
});
