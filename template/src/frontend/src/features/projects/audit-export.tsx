import { Download } from "lucide-react";
import { getAuditExport } from "@/api/generated/api";
import { Alert } from "@/design/ui/alert";
import { Spinner } from "@/design/ui/button";
import { buttonStyle } from "@/design/ui/button-style";
import { ButtonForm } from "@/design/ui/button-form";
import { SplitSection } from "@/design/ui/layout";
import { Refresh } from "@/design/ui/refresh";
import { SplitSectionSkeleton } from "@/design/ui/skeleton";
import { Time } from "@/design/ui/time";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { exportEvents } from "./actions";

async function LastExport({ project }: { project: string }) {
  const answer = await getAuditExport(project);
  const last = answer.status === 200 ? answer.data : undefined;
  const isRunning = last !== undefined && last.finished_at === null;
  return (
    <SplitSection
      title="Audit log"
      lead="Every change of this project and its members, with the person, the time and the address, as lines of JSON."
    >
      {answer.status === 200 || answer.status === 404 ? null : (
        <Alert tone="warning">The last export cannot be shown at the moment.</Alert>
      )}
      {isRunning ? (
        <p role="status" className="flex items-center gap-3 text-sm">
          <Spinner /> The export is being written.
          <Refresh seconds={2} />
        </p>
      ) : null}
      {isRunning ? null : (
        <div className="flex flex-wrap items-center gap-2">
          {last ? (
            <a href={`/projects/${project}/audit-export`} download className={buttonStyle("secondary")}>
              <Download aria-hidden="true" className="size-4" />
              Download
            </a>
          ) : null}
          <ButtonForm
            action={exportEvents.bind(null, project)}
            label={last ? "Export again" : "Export events"}
            variant={last ? "quiet" : "secondary"}
          />
        </div>
      )}
      {last?.finished_at ? (
        <p className="text-sm text-muted">
          {last.events} events, written <Time value={last.finished_at} />
        </p>
      ) : null}
    </SplitSection>
  );
}

/** The events of a project as a file, for its owners: the last export, and a button for another. */
export const AuditExport = withSkeleton(LastExport, <SplitSectionSkeleton title="Audit log" />);
