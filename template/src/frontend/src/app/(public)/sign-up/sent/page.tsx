import { MailCheck } from "lucide-react";
import type { Metadata } from "next";
import { Alert } from "@/design/ui/alert";
import { ActionForm, TextField } from "@/design/ui/form";
import { NarrowPage } from "@/design/ui/layout";
import { resendVerification } from "@/features/auth/actions";

export const metadata: Metadata = { title: "Check your mail" };

export default async function SentPage({ searchParams }: PageProps<"/sign-up/sent">) {
  const { email, again } = await searchParams;
  const address = typeof email === "string" ? email : "";
  return (
    <NarrowPage
      title="Check your mail"
      lead={
        <>
          We have sent a link to <strong className="font-medium text-ink">{address || "your address"}</strong>. Open it
          to complete your account.
        </>
      }
    >
      <p className="flex items-start gap-3 text-sm text-muted">
        <MailCheck aria-hidden="true" className="size-5 shrink-0" />
        The link works for a day. If the mail does not arrive in a few minutes, look into your spam folder.
      </p>
      {again ? <Alert tone="success">We have sent it again.</Alert> : null}
      <div className="border-t border-line pt-6">
        <ActionForm action={resendVerification} submit="Send again" variant="secondary">
          <TextField name="email" label="Email" type="email" autoComplete="email" defaultValue={address} required />
        </ActionForm>
      </div>
    </NarrowPage>
  );
}
