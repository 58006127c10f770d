import type { Metadata } from "next";
import { BackLink } from "@/design/ui/back-link";
import { Page } from "@/design/ui/layout";
import { Notice } from "@/design/ui/notice";
import { PageSkeleton } from "@/design/ui/skeleton";
import { inTime, withSkeleton } from "@/design/ui/with-skeleton";
import { Invitations } from "@/features/members/invitations";
import { Members } from "@/features/members/members";
import { AuditExport } from "@/features/projects/audit-export";
import { DeleteDialog, EditDialog } from "@/features/projects/dialogs";
import { failure } from "../../../failure";
import { readProject } from "./form-page";

export async function generateMetadata({ params }: PageProps<"/projects/[id]">): Promise<Metadata> {
  const answer = await inTime(readProject((await params).id));
  return { title: answer?.status === 200 ? answer.data.name : "Project" };
}

async function ProjectPage({ params, searchParams }: PageProps<"/projects/[id]">) {
  const { id } = await params;
  const { notice, after } = await searchParams;
  const answer = await readProject(id);
  if (answer.status !== 200) return failure(answer.status);
  const project = answer.data;
  const isOwner = project.role === "owner";
  return (
    <Page
      title={project.name}
      back={<BackLink href="/projects">Projects</BackLink>}
      lead={project.description ? <p className="whitespace-pre-wrap">{project.description}</p> : null}
      actions={
        <>
          {project.role === "viewer" ? null : <EditDialog project={project} />}
          {isOwner ? <DeleteDialog project={project} /> : null}
        </>
      }
    >
      <Notice name={notice} />
      <Members project={id} canManage={isOwner} after={typeof after === "string" ? after : undefined} />
      {isOwner ? <Invitations project={id} /> : null}
      {isOwner ? <AuditExport project={id} /> : null}
    </Page>
  );
}

export default withSkeleton(ProjectPage, <PageSkeleton title="Project" />);
