/** What a form shows after its action. */
export interface FormState {
  /** What was typed, by field; never passwords. */
  values: Record<string, string>;
  /** Messages by field. */
  errors: Record<string, string[]>;
  /** A message about the whole form. */
  message?: string;
  /** Whether the action succeeded, and the page remains. */
  done?: boolean;
}

export const EMPTY: FormState = { values: {}, errors: {} };
