"use client";

import {
  type ComponentProps,
  createContext,
  type InputEvent,
  type ReactNode,
  type SubmitEvent,
  use,
  useActionState,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { Alert } from "./alert";
import { Button } from "./button";
import type { Variant } from "./button-style";
import { EMPTY, type FormState } from "./form-state";

export type Action = (before: FormState, form: FormData) => Promise<FormState>;

type Errors = FormState["errors"];
type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const Shown = createContext<Pick<FormState, "values" | "errors">>(EMPTY);

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
  // What the browser found, or the user has changed, since the action's last outcome.
  const [later, setLater] = useState<{ state: FormState; errors: Errors }>({ state, errors: state.errors });
  const errors = later.state === state ? later.errors : state.errors;
  const form = useRef<HTMLFormElement>(null);
  const close = use(Close);

  useEffect(() => {
    if (state.done) close?.();
    if (Object.keys(state.errors).length > 0) form.current?.querySelector<Control>("[aria-invalid=true]")?.focus();
  }, [state, close]);

  function check(event: SubmitEvent<HTMLFormElement>) {
    const invalid = [...event.currentTarget.querySelectorAll<Control>(":invalid")];
    if (invalid.length === 0) return;
    event.preventDefault();
    invalid[0]?.focus();
    setLater({ state, errors: Object.fromEntries(invalid.map((each) => [each.name, [each.validationMessage]])) });
  }

  function forget(event: InputEvent<HTMLFormElement>) {
    const { name } = event.target as Control;
    if (errors[name]) setLater({ state, errors: { ...errors, [name]: [] } });
  }

  return (
    <form ref={form} action={run} onSubmit={check} onInput={forget} noValidate className="grid gap-5">
      {state.message ? <Alert tone="danger">{state.message}</Alert> : null}
      {close ? <input type="hidden" name="stay" value="true" /> : null}
      <Shown value={{ values: state.values, errors }}>{children}</Shown>
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
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  hint?: ReactNode;
  defaultValue?: string;
}

type TextFieldProps = FieldProps &
  Pick<ComponentProps<"input">, "type" | "autoComplete" | "required" | "minLength" | "maxLength">;

export function TextField({ label, hint, ...rest }: TextFieldProps) {
  return <Field label={label} hint={hint} {...rest} control={(props) => <input {...rest} {...props} />} />;
}

export function TextAreaField({ label, hint, ...rest }: FieldProps & { maxLength?: number }) {
  return <Field label={label} hint={hint} {...rest} control={(props) => <textarea rows={4} {...rest} {...props} />} />;
}

interface SelectFieldProps extends FieldProps {
  options: readonly (readonly [value: string, text: string])[];
}

export function SelectField({ options, ...field }: SelectFieldProps) {
  return (
    <Field
      {...field}
      control={(props) => (
        <select key={props.defaultValue} {...props}>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    />
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

interface ControlProps {
  id: string;
  name: string;
  className: string;
  defaultValue: string | undefined;
  "aria-invalid": true | undefined;
  "aria-describedby": string | undefined;
}

/** A control with its label, its hint and its errors. */
function Field({
  name,
  label,
  hint,
  defaultValue,
  control,
}: FieldProps & { control: (props: ControlProps) => ReactNode }) {
  const { values, errors } = use(Shown);
  const id = useId();
  const messages = errors[name] ?? [];
  const isInvalid = messages.length > 0;
  const described = [hint ? `${id}-hint` : "", isInvalid ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {control({
        id,
        name,
        className:
          "min-h-10 w-full rounded-md border border-outline bg-surface px-3 py-2 text-base placeholder:text-muted aria-invalid:border-danger sm:text-sm",
        defaultValue: values[name] ?? defaultValue,
        "aria-invalid": isInvalid || undefined,
        "aria-describedby": described || undefined,
      })}
      {hint ? (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      ) : null}
      {isInvalid ? (
        <p id={`${id}-error`} className="text-sm text-danger-text">
          {messages.join(" ")}
        </p>
      ) : null}
    </div>
  );
}
