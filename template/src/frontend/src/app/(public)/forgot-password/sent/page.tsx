import type { Metadata } from "next";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";

export const metadata: Metadata = { title: "Check your mail" };

export default async function SentPage({ searchParams }: PageProps<"/forgot-password/sent">) {
  const { email } = await searchParams;
  return (
    <NarrowPage
      title="Check your mail"
      lead={
        <>
          If there is an account with <strong className="font-medium text-ink">{email ?? "this address"}</strong>, we
          have sent it a link. The link works for an hour.
        </>
      }
    >
      <p className="border-t border-line pt-6 text-sm text-muted">
        <TextLink href="/sign-in">Back to sign in</TextLink>
      </p>
    </NarrowPage>
  );
}
