import type { Metadata } from "next";
import { BackLink } from "@/design/ui/back-link";
import { ButtonLink } from "@/design/ui/button-link";
import { ActionForm, CheckboxField, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { FormSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { deleteAccount } from "@/features/account/actions";
import { currentUser } from "@/server/session";
import { failure } from "../../../failure";

export const metadata: Metadata = { title: "Delete account" };

async function DeleteAccountPage() {
  const { status } = await currentUser();
  if (status !== 200) return failure(status);
  return (
    <NarrowPage
      title="Delete your account?"
      lead="You lose access at once. This cannot be undone."
      back={<BackLink href="/account">Account</BackLink>}
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

export default withSkeleton(DeleteAccountPage, <FormSkeleton title="Delete your account?" />);
