"use client";

import { unstable_rethrow } from "next/navigation";
import { type ReactNode, startTransition, type SubmitEvent, useActionState, useOptimistic, useState } from "react";
import { Alert } from "./alert";
import type { Action } from "./form";
import { EMPTY } from "./form-state";
import { Rows, SectionBody } from "./layout";

const UNREACHABLE = "This server cannot be reached. Nothing was changed.";

interface OptimisticFormProps {
  action: Action;
  /** Shows the expected outcome until the action has ended; called in its transition. */
  apply: (form: FormData) => void;
  /** Gets the message of a failed action, or undefined. */
  report: (message: string | undefined) => void;
  children: ReactNode;
}

/** A form whose outcome is shown at once, and taken back if the action fails. Works without JavaScript. */
export function OptimisticForm({ action, apply, report, children }: OptimisticFormProps) {
  const [state, fallback] = useActionState(action, EMPTY);
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    startTransition(async () => {
      apply(form);
      const message = await run(action, form);
      startTransition(() => {
        report(message);
      });
    });
  }
  return (
    <form action={fallback} onSubmit={submit} className="flex flex-wrap items-center gap-2">
      {state.message ? <Alert tone="danger">{state.message}</Alert> : null}
      {children}
    </form>
  );
}

async function run(action: Action, form: FormData): Promise<string | undefined> {
  try {
    return (await action(EMPTY, form)).message;
  } catch (error) {
    // A redirect is an exception too.
    unstable_rethrow(error);
    return UNREACHABLE;
  }
}

/** The rows of a list, below the message of the last change that failed. */
export function OptimisticRows({ label, message, children }: OptimisticRowsProps) {
  return (
    <>
      {message ? (
        <SectionBody>
          <Alert tone="danger">{message}</Alert>
        </SectionBody>
      ) : null}
      <Rows label={label}>{children}</Rows>
    </>
  );
}

interface OptimisticRowsProps {
  label: string;
  message: string | undefined;
  children: ReactNode;
}

/** A list with changes that the server has not confirmed yet, and the message of the last change that failed. */
export function useOptimisticList<Item, Change>(items: Item[], change: (items: Item[], change: Change) => Item[]) {
  const [shown, apply] = useOptimistic(items, change);
  const [message, report] = useState<string>();
  return { shown, apply, message, report };
}
