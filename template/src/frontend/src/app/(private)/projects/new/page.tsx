import type { Metadata } from "next";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { TextLink } from "@/design/ui/text-link";
import { CreateForm } from "@/features/projects/forms";
import { currentUser } from "@/server/session";
import { Failure } from "../../../failure";

export const metadata: Metadata = { title: "New project" };

export default async function NewProjectPage() {
  const { status } = await currentUser();
  if (status !== 200) return <Failure status={status} />;
  return (
    <NarrowPage title="New project" back={<TextLink href="/projects">Projects</TextLink>}>
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
