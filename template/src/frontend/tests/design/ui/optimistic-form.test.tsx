import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { EMPTY, type FormState } from "@/design/ui/form-state";
import { OptimisticForm, useOptimisticList } from "@/design/ui/optimistic-form";

jest.mock("next/navigation", () => ({ unstable_rethrow: jest.fn() }));

function List({ action }: { action: () => Promise<FormState> }) {
  const items = ["one", "two"];
  const { shown, apply, message, report } = useOptimisticList(items, (all, gone: string) =>
    all.filter((each) => each !== gone),
  );
  return (
    <>
      <p>{message}</p>
      <ul>
        {shown.map((item) => (
          <li key={item}>
            <OptimisticForm
              action={action}
              apply={() => {
                apply(item);
              }}
              report={report}
            >
              <button type="submit">Remove {item}</button>
            </OptimisticForm>
          </li>
        ))}
      </ul>
    </>
  );
}

test.each([
  [
    "fails",
    (resolve: (state: FormState) => void) => {
      resolve({ ...EMPTY, message: "Not allowed." });
    },
    "Not allowed.",
  ],
  [
    "cannot be sent",
    (_resolve: unknown, reject: (error: Error) => void) => {
      reject(new Error("offline"));
    },
    "This server cannot be reached. Nothing was changed.",
  ],
] as const)("a change is shown at once, and taken back if it %s", async (_name, end, message) => {
  let finish = () => {};
  const action = () =>
    new Promise<FormState>((resolve, reject) => {
      finish = () => {
        end(resolve, reject);
      };
    });
  render(<List action={action} />);
  await userEvent.setup().click(screen.getByRole("button", { name: "Remove one" }));
  await waitFor(() => {
    expect(screen.getAllByRole("listitem")).toHaveLength(1);
  });
  finish();
  expect(await screen.findByText(message)).toBeVisible();
  expect(screen.getAllByRole("listitem")).toHaveLength(2);
});
