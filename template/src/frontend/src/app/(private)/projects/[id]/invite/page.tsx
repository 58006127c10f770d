import type { Metadata } from "next";
import { getProject } from "@/api/generated/api";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { InviteForm } from "@/features/members/invite-form";
import { INVITATION } from "@/features/members/texts";
import { Failure } from "../../../../failure";

export const metadata: Metadata = { title: "Invite a person" };

export default async function InvitePage({ params }: PageProps<"/projects/[id]/invite">) {
  const { id } = await params;
  const answer = await getProject(id);
  if (answer.status !== 200) return <Failure status={answer.status} />;
  const href = `/projects/${id}`;
  return (
    <NarrowPage title="Invite a person" lead={INVITATION} back={<TextLink href={href}>{answer.data.name}</TextLink>}>
      <InviteForm
        project={id}
        cancel={
          <ButtonLink href={href} variant="secondary">
            Cancel
          </ButtonLink>
        }
      />
    </NarrowPage>
  );
}
