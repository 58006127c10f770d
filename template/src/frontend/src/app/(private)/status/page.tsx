import type { Metadata } from "next";
import { Page } from "@/design/ui/layout";
import { PageSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { LiveStatus } from "@/features/status/live-status";
import { currentUser } from "@/server/session";
import { failure } from "../../failure";

export const metadata: Metadata = { title: "Status" };

async function StatusPage() {
  const { status } = await currentUser();
  // While the service that knows users is away, this page shows just that.
  if (status === 401) return failure(status);
  return (
    <Page title="Status" lead="The parts of this application, and how fast they answer.">
      <LiveStatus />
    </Page>
  );
}

export default withSkeleton(StatusPage, <PageSkeleton title="Status" />);
