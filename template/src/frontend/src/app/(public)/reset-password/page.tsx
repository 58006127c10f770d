import type { Metadata } from "next";
import { ActionForm } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { resetPassword } from "@/features/auth/actions";
import { NewPasswordField } from "@/features/auth/new-password-field";

export const metadata: Metadata = { title: "Choose a new password" };

export default async function ResetPasswordPage({ searchParams }: PageProps<"/reset-password">) {
  const { token } = await searchParams;
  return (
    <NarrowPage title="Choose a new password" lead="All your sessions end, and you sign in with the new password.">
      <ActionForm action={resetPassword} submit="Change password">
        <input type="hidden" name="token" value={token} />
        <NewPasswordField name="new_password" label="New password" />
      </ActionForm>
      <p className="border-t border-line pt-6 text-sm text-muted">
        Link expired? <TextLink href="/forgot-password">Request another</TextLink>
      </p>
    </NarrowPage>
  );
}
