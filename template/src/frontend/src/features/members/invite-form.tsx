import type { ReactNode } from "react";
import { ActionForm, SelectField, TextField } from "@/design/ui/form";
import { inviteMember } from "./actions";
import { ROLES, ROLES_HINT } from "./roles";

export function InviteForm({ project, cancel }: { project: string; cancel?: ReactNode }) {
  return (
    <ActionForm action={inviteMember.bind(null, project)} submit="Send invitation" cancel={cancel}>
      <TextField name="email" label="Email" type="email" autoComplete="off" required />
      <SelectField name="role" label="Role" defaultValue="editor" options={ROLES} hint={ROLES_HINT} />
    </ActionForm>
  );
}
