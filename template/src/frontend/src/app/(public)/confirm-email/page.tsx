import type { Metadata } from "next";
import { ActionForm } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { confirmEmail } from "@/features/auth/actions";

export const metadata: Metadata = { title: "Confirm your address" };

export default async function ConfirmEmailPage({ searchParams }: PageProps<"/confirm-email">) {
  const { token } = await searchParams;
  return (
    <NarrowPage title="Confirm your address" lead="From now on, you sign in with this address, and get mail at it.">
      <ActionForm action={confirmEmail} submit="Confirm">
        <input type="hidden" name="token" value={token} />
      </ActionForm>
    </NarrowPage>
  );
}
