import type { Metadata } from "next";
import { ActionForm, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { verify } from "@/features/auth/actions";

export const metadata: Metadata = { title: "Complete your account" };

export default async function VerifyPage({ searchParams }: PageProps<"/verify">) {
  const { token } = await searchParams;
  return (
    <NarrowPage title="Complete your account" lead="Enter the password that you chose, to show that this is you.">
      <ActionForm action={verify} submit="Complete account">
        <input type="hidden" name="token" value={token} />
        <TextField name="password" label="Password" type="password" autoComplete="current-password" required />
      </ActionForm>
    </NarrowPage>
  );
}
