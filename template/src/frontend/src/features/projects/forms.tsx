import type { ReactNode } from "react";
import type { ProjectOut } from "@/api/generated/api";
import { ActionForm, TextAreaField, TextField } from "@/design/ui/form";
import { createProject, deleteProject, editProject } from "./actions";

export function CreateForm({ cancel }: { cancel?: ReactNode }) {
  return (
    <ActionForm action={createProject} submit="Create project" cancel={cancel}>
      <TextField name="name" label="Name" maxLength={200} required autoComplete="off" />
      <TextAreaField name="description" label="Description" hint="Optional." maxLength={10_000} />
    </ActionForm>
  );
}

export function EditForm({ project, cancel }: { project: ProjectOut; cancel?: ReactNode }) {
  return (
    <ActionForm action={editProject.bind(null, project.id)} submit="Save changes" cancel={cancel}>
      <TextField name="name" label="Name" maxLength={200} required autoComplete="off" defaultValue={project.name} />
      <TextAreaField
        name="description"
        label="Description"
        hint="Optional."
        maxLength={10_000}
        defaultValue={project.description}
      />
    </ActionForm>
  );
}

export function DeleteForm({ project, cancel }: { project: ProjectOut; cancel?: ReactNode }) {
  return (
    <ActionForm
      action={deleteProject.bind(null, project.id)}
      submit="Delete project"
      variant="danger"
      cancel={cancel}
    />
  );
}
