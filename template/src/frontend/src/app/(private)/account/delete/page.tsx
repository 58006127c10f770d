import type { Metadata } from "next";
import { ButtonLink } from "@/design/ui/button-link";
import { ActionForm, CheckboxField, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { deleteAccount } from "@/features/account/actions";
import { currentUser } from "@/server/session";
import { Failure } from "../../../failure";

export const metadata: Metadata = { title: "Delete account" };

export default async function DeleteAccountPage() {
  const { status } = await currentUser();
  if (status !== 200) return <Failure status={status} />;
  return (
    <NarrowPage
      title="Delete your account?"
      lead="You lose access at once. This cannot be undone."
      back={<TextLink href="/account">Account</TextLink>}
    >
      <ActionForm
        action={deleteAccount}
        submit="Delete account"
        variant="danger"
        cancel={
          <ButtonLink href="/account" variant="secondary">
            Cancel
          </ButtonLink>
        }
      >
        <TextField name="password" label="Your password" type="password" autoComplete="current-password" required />
        <CheckboxField name="delete_projects" label="Also delete the projects that nobody else owns" />
      </ActionForm>
    </NarrowPage>
  );
}
