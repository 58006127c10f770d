import type { Metadata } from "next";
import { openInvitation } from "@/api/generated/api";
import { Alert } from "@/design/ui/alert";
import { buttonStyle } from "@/design/ui/button-style";
import { NarrowPage } from "@/design/ui/layout";
import { FormSkeleton } from "@/design/ui/skeleton";
import { TextLink } from "@/design/ui/text-link";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { AnswerForms } from "@/features/members/answer-forms";
import { describeInvitation } from "@/features/members/invitations";
import { currentUser } from "@/server/session";
import { failure } from "../../failure";

export const metadata: Metadata = { title: "Invitation" };

async function InvitationPage({ searchParams }: PageProps<"/invitation">) {
  const { token } = await searchParams;
  const secret = typeof token === "string" ? token : "";
  const [answer, user] = await Promise.all([openInvitation({ token: secret }), currentUser()]);
  if (answer.status === 422) return <Invalid />;
  if (answer.status !== 200) return failure(answer.status);
  const { id, project } = answer.data;
  return (
    <NarrowPage title={`Join ${project}?`} lead={describeInvitation(answer.data)}>
      {user.status === 200 ? (
        <AnswerForms invitation={id} project={project} />
      ) : (
        <>
          <p>Sign in with the address that was invited, or create an account with it. The invitation waits for you.</p>
          <div className="flex flex-wrap items-center gap-6 text-sm">
            <a href={`/sign-in?to=${encodeURIComponent(`/invitation?token=${secret}`)}`} className={buttonStyle()}>
              Sign in
            </a>
            <TextLink href="/sign-up">Create an account</TextLink>
          </div>
        </>
      )}
    </NarrowPage>
  );
}

export default withSkeleton(InvitationPage, <FormSkeleton title="Invitation" />);

function Invalid() {
  return (
    <NarrowPage title="Invitation">
      <Alert tone="warning">This link has expired, or the invitation was answered, withdrawn or sent again.</Alert>
      <p>
        <TextLink href="/projects">See your invitations</TextLink>
      </p>
    </NarrowPage>
  );
}
