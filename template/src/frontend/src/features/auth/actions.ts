"use server";

import { redirect } from "next/navigation";
import * as api from "@/api/generated/api";
import type { FormState } from "@/design/ui/form-state";
import { safePath } from "@/server/paths";
import { failed, readForm } from "@/server/problems";
import { beginSession, forgetSession } from "@/server/session";

export async function signIn(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["email", "password"]);
  const answer = await api.login(values);
  if (answer.status !== 200) return failed(answer, values, true);
  await beginSession(answer.data);
  redirect(safePath(form.get("to")));
}

export async function signOut() {
  await api.logout();
  await forgetSession();
  redirect("/sign-in");
}

export async function signUp(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["name", "email", "password"]);
  const answer = await api.register(values);
  if (answer.status !== 202) return failed(answer, values, true);
  redirect(`/sign-up/sent?email=${encodeURIComponent(values.email)}`);
}

export async function resendVerification(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["email"]);
  const answer = await api.resendVerification(values);
  if (answer.status !== 202) return failed(answer, values, true);
  redirect(`/sign-up/sent?email=${encodeURIComponent(values.email)}&again=true`);
}

export async function verify(_before: FormState, form: FormData): Promise<FormState> {
  const { token, password } = readForm(form, ["token", "password"]);
  const answer = await api.verify({ token, password });
  if (answer.status !== 200) return failed(answer, { password }, true);
  await beginSession(answer.data);
  redirect("/projects?notice=welcome");
}

export async function forgotPassword(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["email"]);
  const answer = await api.forgotPassword(values);
  if (answer.status !== 202) return failed(answer, values, true);
  redirect(`/forgot-password/sent?email=${encodeURIComponent(values.email)}`);
}

export async function resetPassword(_before: FormState, form: FormData): Promise<FormState> {
  const { token, new_password } = readForm(form, ["token", "new_password"]);
  const answer = await api.resetPassword({ token, new_password });
  if (answer.status !== 204) return failed(answer, { new_password }, true);
  await forgetSession();
  redirect("/sign-in?notice=password-reset");
}

export async function confirmEmail(_before: FormState, form: FormData): Promise<FormState> {
  const { token } = readForm(form, ["token"]);
  const answer = await api.confirmEmail({ token });
  if (answer.status !== 204) return failed(answer, {}, true);
  redirect("/account?notice=email-changed");
}
