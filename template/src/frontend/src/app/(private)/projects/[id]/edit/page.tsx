import type { Metadata } from "next";
import { getProject } from "@/api/generated/api";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { EditForm } from "@/features/projects/forms";
import { Failure } from "../../../../failure";

export const metadata: Metadata = { title: "Edit project" };

export default async function EditProjectPage({ params }: PageProps<"/projects/[id]/edit">) {
  const { id } = await params;
  const answer = await getProject(id);
  if (answer.status !== 200) return <Failure status={answer.status} />;
  const project = answer.data;
  const href = `/projects/${id}` as const;
  return (
    <NarrowPage title="Edit project" back={<TextLink href={href}>{project.name}</TextLink>}>
      <EditForm
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
