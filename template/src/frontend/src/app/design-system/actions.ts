"use server";

import { EMPTY, type FormState } from "@/design/ui/form-state";

/** An action for forms that are only shown. */
export async function doNothing(): Promise<FormState> {
  return Promise.resolve(EMPTY);
}
