import { type ReactNode, cache } from "react";
import { getProject, type ProjectOut } from "@/api/generated/api";
import { BackLink } from "@/design/ui/back-link";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { FormSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { failure } from "../../../failure";

/** The answer of the gateway about a project, asked once for each request. */
export const readProject = cache((id: string) => getProject(id));

interface FormPageProps {
  title: string;
  /** The heading, if the project belongs into it. */
  heading?: (project: ProjectOut) => string;
  lead?: string;
  form: (project: ProjectOut, cancel: ReactNode) => ReactNode;
}

/** A page with a form about a project, to which it leads back. */
export function formPage({ title, heading, lead, form }: FormPageProps) {
  return withSkeleton(
    async ({ params }: { params: Promise<{ id: string }> }) => {
      const { id } = await params;
      const answer = await readProject(id);
      if (answer.status !== 200) return failure(answer.status);
      const href = `/projects/${id}`;
      return (
        <NarrowPage
          title={heading?.(answer.data) ?? title}
          lead={lead}
          back={<BackLink href={href}>{answer.data.name}</BackLink>}
        >
          {form(
            answer.data,
            <ButtonLink href={href} variant="secondary">
              Cancel
            </ButtonLink>,
          )}
        </NarrowPage>
      );
    },
    <FormSkeleton title={title} />,
  );
}
