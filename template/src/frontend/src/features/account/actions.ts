"use server";

import { refresh } from "next/cache";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import * as api from "@/api/generated/api";
import { EMPTY, type FormState } from "@/design/ui/form-state";
import { failed, readForm } from "@/server/problems";
import { forgetSession } from "@/server/session";
import { THEME_COOKIE } from "@/server/theme";

export async function changeName(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["name"]);
  const answer = await api.updateCurrentUser(values);
  if (answer.status !== 200) return failed(answer, values);
  redirect("/account?notice=name-changed");
}

export async function changeEmail(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["email", "password"]);
  const answer = await api.changeEmail(values);
  if (answer.status === 403) return wrongPassword(values);
  if (answer.status !== 202) return failed(answer, values);
  redirect("/account?notice=email-sent");
}

export async function changePassword(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["password", "new_password"]);
  const answer = await api.changePassword(values);
  if (answer.status === 403) return wrongPassword({});
  if (answer.status !== 204) return failed(answer, values);
  redirect("/account?notice=password-changed");
}

export async function deleteAccount(_before: FormState, form: FormData): Promise<FormState> {
  const { password } = readForm(form, ["password"]);
  const answer = await api.deleteAccount({ password, delete_projects: form.has("delete_projects") });
  if (answer.status === 403) return wrongPassword({});
  if (answer.status === 409) {
    const names = answer.data.projects.map((project) => project.name).join(", ");
    return { ...EMPTY, message: `${answer.data.detail}: ${names}.` };
  }
  if (answer.status !== 204) return failed(answer, { password });
  await forgetSession();
  redirect("/sign-in?notice=account-deleted");
}

export async function endSession(id: string): Promise<FormState> {
  const answer = await api.endSession(id);
  if (answer.status !== 204 && answer.status !== 404) return failed(answer, {});
  refresh();
  return EMPTY;
}

export async function endOtherSessions(): Promise<FormState> {
  const answer = await api.endOtherSessions();
  if (answer.status !== 204) return failed(answer, {});
  refresh();
  return EMPTY;
}

export async function chooseTheme(form: FormData) {
  const { theme } = readForm(form, ["theme"]);
  const jar = await cookies();
  jar.set({ name: THEME_COOKIE, value: theme, maxAge: 400 * 24 * 3600, sameSite: "lax", httpOnly: true, path: "/" });
  refresh();
}

function wrongPassword(values: Record<string, string>): FormState {
  const email = values["email"];
  return { values: email === undefined ? {} : { email }, errors: { password: ["This is not your password."] } };
}
