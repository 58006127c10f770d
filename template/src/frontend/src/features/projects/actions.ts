"use server";

import { refresh } from "next/cache";
import { redirect } from "next/navigation";
import * as api from "@/api/generated/api";
import { EMPTY, type FormState } from "@/design/ui/form-state";
import { failed, readForm } from "@/server/problems";

export async function createProject(_before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["name", "description"]);
  const answer = await api.createProject(values);
  if (answer.status !== 201) return failed(answer, values);
  redirect(`/projects/${answer.data.id}?notice=project-created`);
}

export async function editProject(id: string, _before: FormState, form: FormData): Promise<FormState> {
  const values = readForm(form, ["name", "description"]);
  const answer = await api.updateProject(id, values);
  if (answer.status !== 200) return failed(answer, values);
  if (form.has("stay")) {
    refresh();
    return { ...EMPTY, done: true };
  }
  redirect(`/projects/${id}?notice=project-changed`);
}

export async function deleteProject(id: string): Promise<FormState> {
  const answer = await api.deleteProject(id);
  if (answer.status !== 204) return failed(answer, {});
  redirect("/projects?notice=project-deleted");
}

export async function exportEvents(id: string): Promise<FormState> {
  const answer = await api.requestAuditExport(id);
  if (answer.status !== 202) return failed(answer, {});
  refresh();
  return EMPTY;
}
