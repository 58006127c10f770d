import type { Metadata } from "next";
import { ActionForm, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { Notice } from "@/design/ui/notice";
import { TextLink } from "@/design/ui/text-link";
import { signIn } from "@/features/auth/actions";
import { safePath } from "@/server/paths";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: PageProps<"/sign-in">) {
  const { notice, to } = await searchParams;
  return (
    <NarrowPage title="Sign in">
      <Notice name={notice} />
      <ActionForm action={signIn} submit="Sign in">
        <input type="hidden" name="to" value={safePath(to)} />
        <TextField name="email" label="Email" type="email" autoComplete="username" required />
        <TextField name="password" label="Password" type="password" autoComplete="current-password" required />
      </ActionForm>
      <div className="grid gap-2 border-t border-line pt-6 text-sm text-muted">
        <p>
          <TextLink href="/forgot-password">Forgot your password?</TextLink>
        </p>
        <p>
          New here? <TextLink href="/sign-up">Create an account</TextLink>
        </p>
      </div>
    </NarrowPage>
  );
}
