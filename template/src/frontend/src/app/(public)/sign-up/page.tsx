import type { Metadata } from "next";
import { ActionForm, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { signUp } from "@/features/auth/actions";
import { NewPasswordField } from "@/features/auth/new-password-field";

export const metadata: Metadata = { title: "Create an account" };

export default function SignUpPage() {
  return (
    <NarrowPage title="Create an account">
      <ActionForm action={signUp} submit="Create account">
        <TextField name="name" label="Name" autoComplete="name" maxLength={200} required />
        <TextField name="email" label="Email" type="email" autoComplete="username" required />
        <NewPasswordField name="password" label="Password" />
      </ActionForm>
      <p className="border-t border-line pt-6 text-sm text-muted">
        Have an account? <TextLink href="/sign-in">Sign in</TextLink>
      </p>
    </NarrowPage>
  );
}
