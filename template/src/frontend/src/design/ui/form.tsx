"use client";

import { Field } from "@base-ui/react/field";
import { Form } from "@base-ui/react/form";
import { type ComponentProps, createContext, type ReactNode, use, useActionState, useEffect } from "react";
import { Alert } from "./alert";
import { Button } from "./button";
import type { Variant } from "./button-style";
import { EMPTY, type FormState } from "./form-state";

export type Action = (before: FormState, form: FormData) => Promise<FormState>;

const Values = createContext<Record<string, string>>({});

/** In a dialog: closes it. */
export const Close = createContext<(() => void) | undefined>(undefined);

interface ActionFormProps {
  action: Action;
  submit: string;
  variant?: Variant;
  /** A link or button beside the submit button. */
  cancel?: ReactNode;
  /** What the form shows before its first action. */
  initial?: FormState;
  children?: ReactNode;
}

/** A form of a server action; errors are shown beside their fields, and what was typed stays. Works without JavaScript. */
export function ActionForm({
  action,
  submit,
  variant = "primary",
  cancel,
  initial = EMPTY,
  children,
}: ActionFormProps) {
  const [state, run, pending] = useActionState(action, initial);
  const close = use(Close);
  useEffect(() => {
    if (state.done) close?.();
  }, [state, close]);
  return (
    <Form action={run} errors={state.errors} className="grid gap-5">
      {state.message ? <Alert tone="danger">{state.message}</Alert> : null}
      {close ? <input type="hidden" name="stay" value="true" /> : null}
      <Values value={state.values}>{children}</Values>
      <div className="flex flex-wrap items-center gap-3">
        <Button variant={variant} pending={pending} className="max-sm:grow">
          {submit}
        </Button>
        {close ? (
          <Button type="button" variant="secondary" onClick={close}>
            Cancel
          </Button>
        ) : (
          cancel
        )}
      </div>
    </Form>
  );
}

const CONTROL =
  "w-full rounded-md border border-outline bg-surface px-3 py-2 text-base text-ink placeholder:text-muted data-invalid:border-danger sm:text-sm";

interface FieldProps {
  name: string;
  label: string;
  hint?: ReactNode;
  defaultValue?: string;
}

type TextFieldProps = FieldProps &
  Pick<ComponentProps<"input">, "type" | "autoComplete" | "required" | "minLength" | "maxLength" | "autoFocus">;

export function TextField({ name, label, hint, defaultValue, ...rest }: TextFieldProps) {
  const value = use(Values)[name] ?? defaultValue;
  return (
    <Labelled name={name} label={label} hint={hint}>
      <Field.Control defaultValue={value} className={`${CONTROL} min-h-10`} {...rest} />
    </Labelled>
  );
}

export function TextAreaField({ name, label, hint, defaultValue, maxLength }: FieldProps & { maxLength?: number }) {
  const value = use(Values)[name] ?? defaultValue;
  return (
    <Labelled name={name} label={label} hint={hint}>
      <Field.Control
        defaultValue={value}
        render={<textarea rows={4} maxLength={maxLength} className={`${CONTROL} resize-y`} />}
      />
    </Labelled>
  );
}

interface SelectFieldProps extends FieldProps {
  options: readonly (readonly [value: string, text: string])[];
}

export function SelectField({ name, label, hint, defaultValue, options }: SelectFieldProps) {
  const value = use(Values)[name] ?? defaultValue;
  return (
    <Labelled name={name} label={label} hint={hint}>
      <Field.Control
        defaultValue={value}
        render={
          <select key={value} className={`${CONTROL} min-h-10`}>
            {options.map(([option, text]) => (
              <option key={option} value={option}>
                {text}
              </option>
            ))}
          </select>
        }
      />
    </Labelled>
  );
}

export function CheckboxField({ name, label }: FieldProps) {
  return (
    <label className="flex min-h-6 items-start gap-3 text-sm">
      <input type="checkbox" name={name} value="true" className="mt-0.5 size-4 shrink-0 accent-brand" />
      {label}
    </label>
  );
}

function Labelled({ name, label, hint, children }: FieldProps & { children: ReactNode }) {
  return (
    <Field.Root name={name} className="grid gap-1.5">
      <Field.Label className="text-sm font-medium">{label}</Field.Label>
      {children}
      {hint ? <Field.Description className="text-sm text-muted">{hint}</Field.Description> : null}
      <Field.Error className="text-sm text-danger-text" />
    </Field.Root>
  );
}
