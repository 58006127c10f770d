import { type InvitationOut, listInvitations, listOwnInvitations } from "@/api/generated/api";
import { ROLE_NAMES } from "@/api/roles";
import { Row, Rows, Section } from "@/design/ui/layout";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { AnswerForms } from "./answer-forms";
import { InvitationList } from "./invitation-list";

/** The invitations to a project that nobody has answered yet, for its owners. */
export const Invitations = withSkeleton(async ({ project }: { project: string }) => {
  const answer = await listInvitations(project, { limit: 100 });
  if (answer.status !== 200 || answer.data.items.length === 0) return null;
  return (
    <Section title="Invitations" lead="They were not answered yet.">
      <InvitationList project={project} invitations={answer.data.items} />
    </Section>
  );
}, null);

/** The invitations of the current user. */
export const OwnInvitations = withSkeleton(async () => {
  const answer = await listOwnInvitations();
  if (answer.status !== 200 || answer.data.items.length === 0) return null;
  return (
    <Section title="Invitations" lead="You become a member of these projects when you accept.">
      <Rows label="Invitations">
        {answer.data.items.map((invitation) => (
          <Row key={invitation.id}>
            <div className="grid min-w-0 grow gap-0.5">
              <span className="truncate font-medium">{invitation.project}</span>
              <span className="text-sm text-muted">{describeInvitation(invitation)}</span>
            </div>
            <AnswerForms invitation={invitation.id} project={invitation.project} />
          </Row>
        ))}
      </Rows>
    </Section>
  );
}, null);

export function describeInvitation({ invited_by: invitedBy, role }: InvitationOut): string {
  return `${invitedBy} invites you with the role ${ROLE_NAMES[role].toLowerCase()}.`;
}
