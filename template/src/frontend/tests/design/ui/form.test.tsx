import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { ActionForm, Close, TextField } from "@/design/ui/form";
import { EMPTY, type FormState } from "@/design/ui/form-state";

function show(action: (form: FormData) => FormState, close?: () => void) {
  const run = (_before: FormState, form: FormData) => Promise.resolve(action(form));
  render(
    <Close value={close}>
      <ActionForm action={run} submit="Save">
        <TextField name="name" label="Name" required />
      </ActionForm>
    </Close>,
  );
  return userEvent.setup();
}

test("an error is beside its field, and what was typed stays", async () => {
  const user = show((form) => ({ values: { name: form.get("name") as string }, errors: { name: ["Is taken."] } }));
  await user.type(screen.getByLabelText("Name"), "Apollo");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Is taken.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveValue("Apollo");
  expect(screen.getByLabelText("Name")).toBeInvalid();
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Is taken.");
});

test("an empty required field is not sent", async () => {
  const action = jest.fn(() => EMPTY);
  const user = show(action);
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Constraints not satisfied")).toBeVisible();
  expect(action).not.toHaveBeenCalled();
});

test("a message about the whole form is announced", async () => {
  const user = show(() => ({ ...EMPTY, message: "Try again." }));
  await user.type(screen.getByLabelText("Name"), "x");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Try again.");
});

test("a form in a dialog closes it after its action", async () => {
  const close = jest.fn();
  const user = show((form) => ({ ...EMPTY, done: form.get("stay") === "true" }), close);
  await user.type(screen.getByLabelText("Name"), "x");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByRole("button", { name: "Save" });
  expect(close).toHaveBeenCalledTimes(1);
});
