import type { Metadata } from "next";
import { cache } from "react";
import { getProject } from "@/api/generated/api";
import { DialogLink } from "@/design/ui/dialog-link";
import { Page } from "@/design/ui/layout";
import { Notice } from "@/design/ui/notice";
import { TextLink } from "@/design/ui/text-link";
import { Members } from "@/features/members/members";
import { AuditExport } from "@/features/projects/audit-export";
import { DELETION, DeleteForm, EditForm } from "@/features/projects/forms";
import { Failure } from "../../../failure";

const readProject = cache((id: string) => getProject(id));

export async function generateMetadata({ params }: PageProps<"/projects/[id]">): Promise<Metadata> {
  const answer = await readProject((await params).id);
  return { title: answer.status === 200 ? answer.data.name : "Project" };
}

export default async function ProjectPage({ params, searchParams }: PageProps<"/projects/[id]">) {
  const { id } = await params;
  const { notice, after } = await searchParams;
  const answer = await readProject(id);
  if (answer.status !== 200) return <Failure status={answer.status} />;
  const project = answer.data;
  const isOwner = project.role === "owner";
  return (
    <Page
      title={project.name}
      back={<TextLink href="/projects">Projects</TextLink>}
      lead={project.description ? <p className="whitespace-pre-wrap">{project.description}</p> : null}
      actions={
        <>
          {project.role === "viewer" ? null : (
            <DialogLink href={`/projects/${id}/edit`} label="Edit" variant="secondary" title="Edit project">
              <EditForm project={project} />
            </DialogLink>
          )}
          {isOwner ? (
            <DialogLink
              href={`/projects/${id}/delete`}
              label="Delete"
              variant="warn"
              title={`Delete ${project.name}?`}
              lead={DELETION}
            >
              <DeleteForm project={project} />
            </DialogLink>
          ) : null}
        </>
      }
    >
      <Notice name={notice} />
      <Members project={id} canManage={isOwner} after={typeof after === "string" ? after : undefined} />
      {isOwner ? <AuditExport project={id} /> : null}
    </Page>
  );
}
