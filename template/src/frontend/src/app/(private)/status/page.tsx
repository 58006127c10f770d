import type { Metadata } from "next";
import { Page } from "@/design/ui/layout";
import { LiveStatus } from "@/features/status/live-status";
import { currentUser } from "@/server/session";
import { Failure } from "../../failure";

export const metadata: Metadata = { title: "Status" };

export default async function StatusPage() {
  const { status } = await currentUser();
  // While the service that knows users is away, this page shows just that.
  if (status === 401) return <Failure status={status} />;
  return (
    <Page title="Status" lead="The parts of this application, and how fast they answer.">
      <LiveStatus />
    </Page>
  );
}
