import type { Metadata } from "next";
import { getProject } from "@/api/generated/api";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { DeleteForm } from "@/features/projects/forms";
import { DELETION } from "@/features/projects/texts";
import { Failure } from "../../../../failure";

export const metadata: Metadata = { title: "Delete project" };

export default async function DeleteProjectPage({ params }: PageProps<"/projects/[id]/delete">) {
  const { id } = await params;
  const answer = await getProject(id);
  if (answer.status !== 200) return <Failure status={answer.status} />;
  const project = answer.data;
  const href = `/projects/${id}` as const;
  return (
    <NarrowPage
      title={`Delete ${project.name}?`}
      lead={DELETION}
      back={<TextLink href={href}>{project.name}</TextLink>}
    >
      <DeleteForm
        project={project}
        cancel={
          <ButtonLink href={href} variant="secondary">
            Cancel
          </ButtonLink>
        }
      />
    </NarrowPage>
  );
}
