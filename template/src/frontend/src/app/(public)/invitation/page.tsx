import type { Metadata } from "next";
import { openInvitation } from "@/api/generated/api";
import { Alert } from "@/design/ui/alert";
import { ButtonLink } from "@/design/ui/button-link";
import { NarrowPage } from "@/design/ui/layout";
import { AnswerForms } from "@/features/members/answer-forms";
import { describeInvitation } from "@/features/members/invitations";
import { currentUser } from "@/server/session";
import { Failure } from "../../failure";

export const metadata: Metadata = { title: "Invitation" };

export default async function InvitationPage({ searchParams }: PageProps<"/invitation">) {
  const { token } = await searchParams;
  const secret = typeof token === "string" ? token : "";
  const [answer, user] = await Promise.all([openInvitation({ token: secret }), currentUser()]);
  if (answer.status === 422) return <Invalid />;
  if (answer.status !== 200) return <Failure status={answer.status} />;
  const { id, project } = answer.data;
  return (
    <NarrowPage title={`Join ${project}?`} lead={describeInvitation(answer.data)}>
      {user.status === 200 ? (
        <AnswerForms invitation={id} project={project} />
      ) : (
        <>
          <p>Sign in with the address that was invited, or create an account with it. The invitation waits for you.</p>
          <div className="flex flex-wrap gap-3">
            <ButtonLink href={`/sign-in?to=${encodeURIComponent(`/invitation?token=${secret}`)}`}>Sign in</ButtonLink>
            <ButtonLink href="/sign-up" variant="secondary">
              Create an account
            </ButtonLink>
          </div>
        </>
      )}
    </NarrowPage>
  );
}

function Invalid() {
  return (
    <NarrowPage title="Invitation">
      <Alert tone="warning">This link has expired, or the invitation was answered, withdrawn or sent again.</Alert>
      <div>
        <ButtonLink href="/projects" variant="secondary">
          See your invitations
        </ButtonLink>
      </div>
    </NarrowPage>
  );
}
