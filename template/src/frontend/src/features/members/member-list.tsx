"use client";

import type { MemberOut, Role } from "@/api/generated/api";
import { Badge } from "@/design/ui/alert";
import { Button } from "@/design/ui/button";
import { Row } from "@/design/ui/layout";
import { OptimisticForm, OptimisticRows, useOptimisticList } from "@/design/ui/optimistic-form";
import { changeRole, leaveProject, removeMember } from "./actions";
import { ROLES } from "./roles";
import { ROLE_NAMES } from "@/api/roles";

interface MemberListProps {
  project: string;
  members: MemberOut[];
  /** The ID of the current user. */
  me: string;
  canManage: boolean;
}

/** A new role of a member; without a role, the member is removed. */
interface Change {
  user: string;
  role?: Role;
}

function changed(members: MemberOut[], { user, role }: Change): MemberOut[] {
  if (!role) return members.filter((member) => member.user_id !== user);
  return members.map((member) => (member.user_id === user ? { ...member, role } : member));
}

export function MemberList({ project, members, me, canManage }: MemberListProps) {
  const { shown, apply, message, report } = useOptimisticList(members, changed);
  return (
    <OptimisticRows label="Members" message={message}>
      {shown.map(({ user_id: user, name, email, role }) => (
        <Row key={user}>
          <div className="grid min-w-0 grow gap-0.5">
            <span className="flex items-center gap-2 font-medium">
              <span className="truncate">{name}</span>
              {user === me ? <Badge tone="info">you</Badge> : null}
            </span>
            <span className="truncate text-sm text-muted">{email}</span>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            {canManage ? (
              <OptimisticForm
                action={changeRole.bind(null, project, user)}
                apply={(form) => {
                  apply({ user, role: form.get("role") as Role });
                }}
                report={report}
              >
                <select
                  name="role"
                  aria-label={`Role of ${name}`}
                  value={role}
                  onChange={(event) => event.currentTarget.form?.requestSubmit()}
                  className="min-h-10 rounded-md border border-outline bg-surface px-3 text-base sm:text-sm"
                >
                  {ROLES.map(([value, text]) => (
                    <option key={value} value={value}>
                      {text}
                    </option>
                  ))}
                </select>
                <Button variant="quiet" className="not-noscript:hidden">
                  Save
                </Button>
              </OptimisticForm>
            ) : (
              <Badge>{ROLE_NAMES[role]}</Badge>
            )}
            {canManage || user === me ? (
              <OptimisticForm
                action={(user === me ? leaveProject : removeMember).bind(null, project, user)}
                apply={() => {
                  apply({ user });
                }}
                report={report}
              >
                <Button variant="quiet" aria-label={user === me ? "Leave this project" : `Remove ${name}`}>
                  {user === me ? "Leave" : "Remove"}
                </Button>
              </OptimisticForm>
            ) : null}
          </div>
        </Row>
      ))}
    </OptimisticRows>
  );
}
