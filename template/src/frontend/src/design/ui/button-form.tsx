"use client";

import { useActionState } from "react";
import { Alert } from "./alert";
import { Button } from "./button";
import type { Variant } from "./button-style";
import { EMPTY, type FormState } from "./form-state";

interface ButtonFormProps {
  action: () => Promise<FormState>;
  label: string;
  variant: Variant;
  /** What the button is about, where its label alone is not clear. */
  description?: string;
}

/** A button that runs a server action, and shows why it failed. Works without JavaScript. */
export function ButtonForm({ action, label, variant, description }: ButtonFormProps) {
  const [state, run, pending] = useActionState(action, EMPTY);
  return (
    <form action={run} className="grid justify-items-start gap-3">
      {state.message ? <Alert tone="danger">{state.message}</Alert> : null}
      <Button variant={variant} pending={pending} aria-label={description}>
        {label}
      </Button>
    </form>
  );
}
