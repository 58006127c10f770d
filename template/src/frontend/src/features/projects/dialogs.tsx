"use client";

import { lazy } from "react";
import type { ProjectOut } from "@/api/generated/api";
import { DialogLink } from "@/design/ui/dialog-link";
import { DELETION } from "./texts";

// Loaded with the dialog.
const CreateForm = lazy(() => import("./forms").then((module) => ({ default: module.CreateForm })));
const EditForm = lazy(() => import("./forms").then((module) => ({ default: module.EditForm })));
const DeleteForm = lazy(() => import("./forms").then((module) => ({ default: module.DeleteForm })));

export function CreateDialog() {
  return (
    <DialogLink href="/projects/new" label="New project" title="New project">
      <CreateForm />
    </DialogLink>
  );
}

export function EditDialog({ project }: { project: ProjectOut }) {
  return (
    <DialogLink href={`/projects/${project.id}/edit`} label="Edit" variant="secondary" title="Edit project">
      <EditForm project={project} />
    </DialogLink>
  );
}

export function DeleteDialog({ project }: { project: ProjectOut }) {
  return (
    <DialogLink
      href={`/projects/${project.id}/delete`}
      label="Delete"
      variant="warn"
      title={`Delete ${project.name}?`}
      lead={DELETION}
    >
      <DeleteForm project={project} />
    </DialogLink>
  );
}
