import type { Metadata } from "next";
import { listSessions } from "@/api/generated/api";
import { Alert } from "@/design/ui/alert";
import { ButtonLink } from "@/design/ui/button-link";
import { ActionForm, TextField } from "@/design/ui/form";
import { Page, Section, SectionBody, SplitSection } from "@/design/ui/layout";
import { Notice } from "@/design/ui/notice";
import { PageSkeleton, SectionSkeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { changeEmail, changeName, changePassword } from "@/features/account/actions";
import { SessionList } from "@/features/account/session-list";
import { ThemeChoice } from "@/features/account/theme-choice";
import { currentUser } from "@/server/session";
import { failure } from "../../failure";

export const metadata: Metadata = { title: "Account" };

async function AccountPage({ searchParams }: PageProps<"/account">) {
  const user = await currentUser();
  if (user.status !== 200) return failure(user.status);
  const { notice } = await searchParams;
  return (
    <Page title="Account" lead={user.data.email}>
      <Notice name={notice} />
      <SplitSection title="Profile">
        <ActionForm action={changeName} submit="Save name" variant="secondary">
          <TextField
            name="name"
            label="Name"
            hint="Members of your projects see it."
            autoComplete="name"
            maxLength={200}
            required
            defaultValue={user.data.name}
          />
        </ActionForm>
      </SplitSection>
      <SplitSection title="Appearance">
        <ThemeChoice />
      </SplitSection>
      <SplitSection title="Email address" lead="We send a link to the new address, which confirms it.">
        <ActionForm action={changeEmail} submit="Change address" variant="secondary">
          <TextField name="email" label="New email address" type="email" autoComplete="email" required />
          <TextField name="password" label="Your password" type="password" autoComplete="current-password" required />
        </ActionForm>
      </SplitSection>
      <SplitSection title="Password" lead="All your other sessions end.">
        <ActionForm action={changePassword} submit="Change password" variant="secondary">
          <TextField
            name="password"
            label="Current password"
            type="password"
            autoComplete="current-password"
            required
          />
          <TextField
            name="new_password"
            label="New password"
            hint="At least 12 characters, and hard to guess."
            type="password"
            autoComplete="new-password"
            minLength={12}
            maxLength={256}
            required
          />
        </ActionForm>
      </SplitSection>
      <Sessions />
      <SplitSection
        title="Delete account"
        lead="Your account and its sessions are deleted, and you leave all projects."
      >
        <div>
          <ButtonLink href="/account/delete" variant="warn">
            Delete account
          </ButtonLink>
        </div>
      </SplitSection>
    </Page>
  );
}

const Sessions = withSkeleton(
  async () => {
    const answer = await listSessions();
    return (
      <Section title="Sessions" lead="The devices that are signed in to your account. End those that you do not use.">
        {answer.status === 200 ? (
          <SessionList sessions={answer.data.items} />
        ) : (
          <SectionBody>
            <Alert tone="warning">Your sessions cannot be shown at the moment.</Alert>
          </SectionBody>
        )}
      </Section>
    );
  },
  <SectionSkeleton title="Sessions" />,
);

export default withSkeleton(AccountPage, <PageSkeleton title="Account" />);
