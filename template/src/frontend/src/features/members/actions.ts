"use server";

import { refresh } from "next/cache";
import { redirect } from "next/navigation";
import * as api from "@/api/generated/api";
import { EMPTY, type FormState } from "@/design/ui/form-state";
import { failed, readForm } from "@/server/problems";

export async function inviteMember(project: string, _before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["email", "role"]);
  const answer = await api.inviteMember(project, { email: values.email, role: readRole(values.role) });
  if (answer.status !== 202) return failed(answer, values);
  if (form.has("stay")) {
    refresh();
    return { ...EMPTY, done: true };
  }
  redirect(`/projects/${project}?notice=invitation-sent`);
}

export async function withdrawInvitation(project: string, invitation: string): Promise<FormState> {
  const answer = await api.withdrawInvitation(project, invitation);
  if (answer.status !== 204 && answer.status !== 404) return failed(answer, {});
  refresh();
  return EMPTY;
}

export async function acceptInvitation(invitation: string): Promise<FormState> {
  const answer = await api.acceptInvitation(invitation);
  if (answer.status === 404) return NOT_YOURS;
  if (answer.status !== 200) return failed(answer, {});
  redirect(`/projects/${answer.data.id}?notice=joined`);
}

export async function declineInvitation(invitation: string): Promise<FormState> {
  const answer = await api.declineInvitation(invitation);
  if (answer.status === 404) return NOT_YOURS;
  if (answer.status !== 204) return failed(answer, {});
  redirect("/projects?notice=declined");
}

export async function changeRole(
  project: string,
  user: string,
  _before: FormState,
  form: FormData,
): Promise<FormState> {
  const { role } = readForm(form, ["role"]);
  const answer = await api.updateMember(project, user, { role: readRole(role) });
  if (answer.status !== 200) return failed(answer, {});
  refresh();
  return EMPTY;
}

export async function removeMember(project: string, user: string): Promise<FormState> {
  const answer = await api.removeMember(project, user);
  if (answer.status !== 204) return failed(answer, {});
  refresh();
  return EMPTY;
}

export async function leaveProject(project: string, user: string): Promise<FormState> {
  const answer = await api.removeMember(project, user);
  if (answer.status !== 204) return failed(answer, {});
  redirect("/projects?notice=left");
}

const NOT_YOURS = {
  ...EMPTY,
  message: "This invitation was withdrawn, has expired, or is for another address than that of your account.",
};

function readRole(text: string): api.Role {
  return Object.values(api.Role).find((role) => role === text) ?? api.Role.viewer;
}
