import { ChevronRight, FolderPlus, SearchX } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { listProjects } from "@/api/generated/api";
import { Button } from "@/design/ui/button";
import { ButtonLink } from "@/design/ui/button-link";
import { buttonStyle } from "@/design/ui/button-style";
import { EmptyState, Page } from "@/design/ui/layout";
import { Notice } from "@/design/ui/notice";
import { PageSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { OwnInvitations } from "@/features/members/invitations";
import { CreateDialog } from "@/features/projects/dialogs";
import { ProjectList } from "@/features/projects/project-list";
import { failure } from "../../failure";

export const metadata: Metadata = { title: "Projects" };
const PAGE_SIZE = 10;

async function ProjectsPage({ searchParams }: PageProps<"/projects">) {
  const { after, notice, search: given } = await searchParams;
  const search = typeof given === "string" ? given.trim() : "";
  const cursor = typeof after === "string" ? after : null;
  const answer = await listProjects({ limit: PAGE_SIZE, search, ...(cursor ? { cursor } : {}) });
  if (answer.status !== 200) return failure(answer.status);
  const { items, next } = answer.data;
  const isEmpty = items.length === 0 && !search && !cursor;
  return (
    <Page title="Projects" actions={isEmpty ? null : <CreateDialog />}>
      <Notice name={notice} />
      <OwnInvitations />
      {isEmpty ? (
        <EmptyState icon={<FolderPlus aria-hidden="true" className="size-6" />} title="No projects yet">
          <p>A project has members with roles, and a record of all changes. Create your first one, then add people.</p>
          <CreateDialog />
        </EmptyState>
      ) : (
        <div className="grid gap-4">
          <form role="search" action="/projects" className="flex max-w-text gap-3">
            <input
              type="search"
              name="search"
              aria-label="Search projects"
              placeholder="Search by name"
              defaultValue={search}
              key={search}
              maxLength={200}
              className="min-h-10 w-full rounded-md border border-outline bg-surface px-3 text-base placeholder:text-muted sm:text-sm"
            />
            <Button variant="secondary">Search</Button>
          </form>
          {items.length === 0 ? (
            <EmptyState icon={<SearchX aria-hidden="true" className="size-6" />} title="No matches">
              <p className="wrap-anywhere">No project has “{search}” in its name.</p>
              <ButtonLink href="/projects" variant="secondary">
                Show all projects
              </ButtonLink>
            </EmptyState>
          ) : (
            <ProjectList projects={items} />
          )}
          {next || cursor ? (
            <nav aria-label="Pages" className="flex justify-between gap-3">
              {cursor ? (
                <ButtonLink href={{ query: search ? { search } : {} }} variant="secondary">
                  First page
                </ButtonLink>
              ) : (
                <span />
              )}
              {next ? (
                <Link
                  href={{ query: { ...(search ? { search } : {}), after: next } }}
                  prefetch={false}
                  className={buttonStyle("secondary")}
                >
                  Next page
                  <ChevronRight aria-hidden="true" className="-mr-1 size-4" />
                </Link>
              ) : null}
            </nav>
          ) : null}
        </div>
      )}
    </Page>
  );
}

export default withSkeleton(ProjectsPage, <PageSkeleton title="Projects" />);
