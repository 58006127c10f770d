import type { Metadata } from "next";
import { getProject } from "@/api/generated/api";
import { ButtonLink } from "@/design/ui/button";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { AddMemberForm } from "@/features/members/add-member-form";
import { Failure } from "../../../../../failure";

export const metadata: Metadata = { title: "Add member" };

export default async function AddMemberPage({ params }: PageProps<"/projects/[id]/members/new">) {
  const { id } = await params;
  const answer = await getProject(id);
  if (answer.status !== 200) return <Failure status={answer.status} />;
  const href = `/projects/${id}` as const;
  return (
    <NarrowPage title="Add member" back={<TextLink href={href}>{answer.data.name}</TextLink>}>
      <AddMemberForm
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
