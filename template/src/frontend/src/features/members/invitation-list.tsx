"use client";

import type { PendingInvitationOut } from "@/api/generated/api";
import { ROLE_NAMES } from "@/api/roles";
import { Badge } from "@/design/ui/alert";
import { Button } from "@/design/ui/button";
import { Row } from "@/design/ui/layout";
import { OptimisticForm, OptimisticRows, useOptimisticList } from "@/design/ui/optimistic-form";
import { Time } from "@/design/ui/time";
import { withdrawInvitation } from "./actions";

/** Invitations that were not answered yet. */
export function InvitationList({ project, invitations }: { project: string; invitations: PendingInvitationOut[] }) {
  const { shown, apply, message, report } = useOptimisticList(invitations, (all, gone: string) =>
    all.filter(({ id }) => id !== gone),
  );
  return (
    <OptimisticRows label="Invitations" message={message}>
      {shown.map(({ id, email, role, invited_by: invitedBy, expires_at: expiresAt }) => (
        <Row key={id}>
          <div className="grid min-w-0 grow gap-0.5">
            <span className="truncate font-medium">{email}</span>
            <span className="text-sm text-muted">
              Invited by {invitedBy}, until <Time value={expiresAt} />
            </span>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            <Badge>{ROLE_NAMES[role]}</Badge>
            <OptimisticForm
              action={withdrawInvitation.bind(null, project, id)}
              apply={() => {
                apply(id);
              }}
              report={report}
            >
              <Button variant="quiet" aria-label={`Withdraw the invitation of ${email}`}>
                Withdraw
              </Button>
            </OptimisticForm>
          </div>
        </Row>
      ))}
    </OptimisticRows>
  );
}
