import type { Metadata } from "next";
import { ActionForm, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { forgotPassword } from "@/features/auth/actions";

export const metadata: Metadata = { title: "Forgotten password" };

export default function ForgotPasswordPage() {
  return (
    <NarrowPage title="Forgotten password" lead="We send you a link with which you choose a new one.">
      <ActionForm action={forgotPassword} submit="Send link">
        <TextField name="email" label="Email" type="email" autoComplete="username" required />
      </ActionForm>
      <p className="border-t border-line pt-6 text-sm text-muted">
        <TextLink href="/sign-in">Back to sign in</TextLink>
      </p>
    </NarrowPage>
  );
}
