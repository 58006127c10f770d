import type { FormState } from "@/design/ui/form-state";
import { redirectEnded } from "./session";

/** An answer of the generated client. */
export interface Answer {
  status: number;
  data: unknown;
}

interface Details {
  detail?: string;
  errors?: { field: string; message: string }[];
}

const SECRET = /password|token/;

/** The text fields of a form, by name. */
export function readForm<Name extends string>(form: FormData, names: readonly Name[]): Record<Name, string> {
  const text = (name: Name) => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  return Object.fromEntries(names.map((name) => [name, text(name)])) as Record<Name, string>;
}

/**
 * What a form shows after a failed request: errors beside the fields, and what was typed without secrets.
 *
 * With 401, the session has ended: this goes to sign in, unless `isPublic`.
 */
export async function failed(answer: Answer, values: Record<string, string>, isPublic = false): Promise<FormState> {
  if (answer.status === 401 && !isPublic) await redirectEnded();
  return describeProblem(answer, values);
}

export function describeProblem({ status, data }: Answer, values: Record<string, string>): FormState {
  const kept = Object.fromEntries(Object.entries(values).filter(([name]) => !SECRET.test(name)));
  const { detail, errors = [] } = (data ?? {}) as Details;
  const state: FormState = { values: kept, errors: {} };
  const others: string[] = [];
  for (const { field, message } of errors) {
    if (field in values) (state.errors[field] ??= []).push(sentence(message));
    else others.push(sentence(message));
  }
  if (errors.length === 0) others.push(summary(status, detail));
  return others.length > 0 ? { ...state, message: others.join(" ") } : state;
}

function summary(status: number, detail: string | undefined): string {
  if (status === 502 || status === 504) return "The service is not available at the moment. Try again.";
  if (status >= 500 && status !== 503) return "Something went wrong on our side. Try again.";
  return sentence(detail ?? "This did not work. Try again.");
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
