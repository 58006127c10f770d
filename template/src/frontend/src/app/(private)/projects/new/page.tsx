import type { Metadata } from "next";
import { BackLink } from "@/design/ui/back-link";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { FormSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { CreateForm } from "@/features/projects/forms";
import { currentUser } from "@/server/session";
import { failure } from "../../../failure";

export const metadata: Metadata = { title: "New project" };

async function NewProjectPage() {
  const { status } = await currentUser();
  if (status !== 200) return failure(status);
  return (
    <NarrowPage title="New project" back={<BackLink href="/projects">Projects</BackLink>}>
      <CreateForm
        cancel={
          <ButtonLink href="/projects" variant="secondary">
            Cancel
          </ButtonLink>
        }
      />
    </NarrowPage>
  );
}

export default withSkeleton(NewProjectPage, <FormSkeleton title="New project" />);
