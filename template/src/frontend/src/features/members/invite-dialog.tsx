"use client";

import { lazy } from "react";
import { DialogLink } from "@/design/ui/dialog-link";
import { INVITATION } from "./texts";

// Loaded with the dialog.
const InviteForm = lazy(() => import("./invite-form").then((module) => ({ default: module.InviteForm })));

export function InviteDialog({ project }: { project: string }) {
  return (
    <DialogLink
      href={`/projects/${project}/invite`}
      label="Invite"
      variant="secondary"
      title="Invite a person"
      lead={INVITATION}
    >
      <InviteForm project={project} />
    </DialogLink>
  );
}
