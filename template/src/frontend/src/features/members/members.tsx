import { listMembers } from "@/api/generated/api";
import { Alert } from "@/design/ui/alert";
import { ButtonLink } from "@/design/ui/button-link";
import { Section, SectionBody } from "@/design/ui/layout";
import { SectionSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { currentUser } from "@/server/session";
import { InviteDialog } from "./invite-dialog";
import { MemberList } from "./member-list";
import { ROLES_HINT } from "./roles";

interface MembersProps {
  project: string;
  canManage: boolean;
  /** The cursor of the page of members. */
  after: string | undefined;
}

async function MembersOfProject({ project, canManage, after }: MembersProps) {
  const [answer, user] = await Promise.all([listMembers(project, after ? { cursor: after } : {}), currentUser()]);
  return (
    <Section title="Members" lead={ROLES_HINT} actions={canManage ? <InviteDialog project={project} /> : null}>
      {answer.status === 200 ? (
        <MemberList
          project={project}
          members={answer.data.items}
          me={user.status === 200 ? user.data.id : ""}
          canManage={canManage}
        />
      ) : (
        <SectionBody>
          <Alert tone="warning">The members cannot be shown at the moment.</Alert>
        </SectionBody>
      )}
      {answer.status === 200 && (after ?? answer.data.next) ? (
        <nav
          aria-label="Pages of members"
          className="flex justify-between gap-3 border-t border-line px-5 py-4 sm:px-6"
        >
          {after ? (
            <ButtonLink href={`/projects/${project}`} variant="secondary">
              First page
            </ButtonLink>
          ) : (
            <span />
          )}
          {answer.data.next ? (
            <ButtonLink href={`/projects/${project}?after=${encodeURIComponent(answer.data.next)}`} variant="secondary">
              Next page
            </ButtonLink>
          ) : null}
        </nav>
      ) : null}
    </Section>
  );
}

export const Members = withSkeleton(MembersOfProject, <SectionSkeleton title="Members" />);
