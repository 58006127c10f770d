"use client";

import type { SessionOut } from "@/api/generated/api";
import { Badge } from "@/design/ui/alert";
import { Button } from "@/design/ui/button";
import { Row } from "@/design/ui/layout";
import { OptimisticForm, OptimisticRows, useOptimisticList } from "@/design/ui/optimistic-form";
import { Time } from "@/design/ui/time";
import { endOtherSessions, endSession } from "./actions";

/** Sessions without the one with this ID; undefined ends all but the current one. */
function ended(sessions: SessionOut[], id: string | undefined): SessionOut[] {
  return sessions.filter((session) => (id === undefined ? session.is_current : session.id !== id));
}

export function SessionList({ sessions }: { sessions: SessionOut[] }) {
  const { shown, apply, message, report } = useOptimisticList(sessions, ended);
  return (
    <>
      <OptimisticRows label="Sessions" message={message}>
        {shown.map(({ id, device, address, refreshed_at: refreshedAt, is_current: isCurrent }) => (
          <Row key={id}>
            <div className="grid min-w-0 gap-0.5">
              <span className="flex flex-wrap items-center gap-2 font-medium">
                {device ?? "Unknown device"}
                {isCurrent ? <Badge tone="success">this session</Badge> : null}
              </span>
              <span className="text-sm text-muted">
                {address ? `${address}, ` : null}last active <Time value={refreshedAt} />
              </span>
            </div>
            {isCurrent ? null : (
              <OptimisticForm
                action={endSession.bind(null, id)}
                apply={() => {
                  apply(id);
                }}
                report={report}
              >
                <Button variant="secondary" aria-label={`End the session of ${device ?? "an unknown device"}`}>
                  End
                </Button>
              </OptimisticForm>
            )}
          </Row>
        ))}
      </OptimisticRows>
      {shown.length > 1 ? (
        <div className="border-t border-line px-5 py-4 sm:px-6">
          <OptimisticForm
            action={endOtherSessions}
            apply={() => {
              apply(undefined);
            }}
            report={report}
          >
            <Button variant="quiet" className="-ml-4">
              End all other sessions
            </Button>
          </OptimisticForm>
        </div>
      ) : null}
    </>
  );
}
