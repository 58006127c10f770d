import { Inbox } from "lucide-react";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { Alert, Badge } from "@/design/ui/alert";
import { Button, Spinner } from "@/design/ui/button";
import { ButtonLink } from "@/design/ui/button-link";
import { DialogLink } from "@/design/ui/dialog-link";
import { ActionForm, CheckboxField, SelectField, TextAreaField, TextField } from "@/design/ui/form";
import { EmptyState, Page, Row, Rows, Section, SplitSection } from "@/design/ui/layout";
import { FieldsSkeleton, RowsSkeleton, Skeleton } from "@/design/ui/skeleton";
import { Sparkline } from "@/design/ui/sparkline";
import { TextLink } from "@/design/ui/text-link";
import { Time } from "@/design/ui/time";
import { env } from "@/env";
import { doNothing } from "./actions";

export const metadata: Metadata = { title: "Design system" };

const SURFACES = ["bg-canvas", "bg-surface", "bg-raised", "bg-sunken"];
const FILLS = [
  "bg-brand text-brand-contrast",
  "bg-brand-strong text-brand-contrast",
  "bg-brand-soft text-brand-soft-text",
  "bg-danger text-danger-contrast",
  "bg-danger-soft text-danger-soft-text",
  "bg-success-soft text-success-soft-text",
  "bg-warning-soft text-warning-soft-text",
];
const SIZES = [
  "text-2xl font-semibold",
  "text-xl font-semibold",
  "text-lg font-semibold",
  "text-base",
  "text-sm",
  "text-xs",
];
const VARIANTS = ["primary", "secondary", "danger", "warn", "quiet"] as const;
const TONES = ["info", "success", "warning", "danger"] as const;
const ERRORS = {
  values: { name: "Apollo" },
  errors: { name: ["Is taken."], text: ["Is too long."], choice: ["Is not allowed."] },
  message: "Nothing was saved.",
};

/** Each component in each state; in development only. */
export default function DesignSystemPage() {
  if (env().ENVIRONMENT !== "development") notFound();
  return (
    <Page title="Design system" lead="The tokens of src/design/tokens.css, and each component in each state.">
      <Section title="Colours">
        <Samples>
          {SURFACES.map((style) => (
            <Swatch key={style} style={`${style} text-ink border border-line`} />
          ))}
          {FILLS.map((style) => (
            <Swatch key={style} style={style} />
          ))}
        </Samples>
      </Section>
      <Section title="Type">
        <div className="grid gap-2 px-6 pb-6">
          {SIZES.map((style) => (
            <p key={style} className={style}>
              {style}
            </p>
          ))}
          <p className="text-muted">
            Muted, with a <TextLink href="/design-system">link</TextLink>
          </p>
          <p className="text-sm text-danger-text">An error beside a field.</p>
          <p className="text-sm text-muted">
            <Time value="2026-11-30T12:00:00Z" />
          </p>
        </div>
      </Section>
      <Section title="Buttons">
        <Samples>
          {VARIANTS.map((variant) => (
            <Button key={variant} type="button" variant={variant}>
              {variant}
            </Button>
          ))}
          <Button type="button" pending>
            Pending
          </Button>
          <ButtonLink href="/design-system" variant="secondary">
            A link
          </ButtonLink>
          <DialogLink href="/design-system" label="A dialog" title="A dialog" lead="It says what happens.">
            <ActionForm action={doNothing} submit="Continue">
              <TextField name="name" label="Name" required />
            </ActionForm>
          </DialogLink>
        </Samples>
      </Section>
      <Section title="Messages">
        <div className="grid gap-4 px-6 pb-6">
          {TONES.map((tone) => (
            <Alert key={tone} tone={tone}>
              A message with the tone {tone}.
            </Alert>
          ))}
          <div className="flex flex-wrap gap-2">
            <Badge>neutral</Badge>
            {TONES.map((tone) => (
              <Badge key={tone} tone={tone}>
                {tone}
              </Badge>
            ))}
          </div>
        </div>
      </Section>
      <SplitSection title="A form" lead="Before it is sent.">
        <ActionForm
          action={doNothing}
          submit="Save"
          cancel={
            <ButtonLink href="/design-system" variant="secondary">
              Cancel
            </ButtonLink>
          }
        >
          <Fields />
        </ActionForm>
      </SplitSection>
      <SplitSection title="A form with errors" lead="After it was refused.">
        <ActionForm action={doNothing} submit="Save" variant="danger" initial={ERRORS}>
          <Fields />
        </ActionForm>
      </SplitSection>
      <Section
        title="Rows"
        lead="With actions."
        actions={
          <ButtonLink href="/design-system" variant="secondary">
            Add
          </ButtonLink>
        }
      >
        <Rows label="Samples">
          <Row>
            <span className="font-medium">A row</span>
            <Sparkline
              label="A full line"
              values={Array.from({ length: 60 }, (_, x) => 5 + 4 * Math.sin(x / 4))}
              length={60}
            />
          </Row>
          <Row>
            <span className="font-medium">A line with a gap</span>
            <Sparkline label="A line with a gap" values={[3, 5, null, null, 4, 6, 2]} length={20} />
          </Row>
          <Row>
            <Skeleton className="h-5 w-40" />
            <Spinner />
          </Row>
        </Rows>
      </Section>
      <Section title="What is still empty">
        <RowsSkeleton />
      </Section>
      <SplitSection title="A form that is still empty">
        <FieldsSkeleton />
      </SplitSection>
      <EmptyState icon={<Inbox aria-hidden="true" className="size-6" />} title="An empty state">
        <p>It says what would be here, and how it gets here.</p>
        <ButtonLink href="/design-system">Start</ButtonLink>
      </EmptyState>
    </Page>
  );
}

function Samples({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-3 px-6 pb-6">{children}</div>;
}

function Swatch({ style }: { style: string }) {
  return <span className={`rounded-md px-4 py-3 text-sm ${style}`}>{style.split(" ")[0]?.slice("bg-".length)}</span>;
}

function Fields() {
  return (
    <>
      <TextField name="name" label="Text" hint="A hint." required />
      <TextField name="secret" label="Password" type="password" autoComplete="off" />
      <TextAreaField name="text" label="Long text" />
      <SelectField
        name="choice"
        label="Choice"
        options={[
          ["one", "One"],
          ["two", "Two"],
        ]}
      />
      <CheckboxField name="yes" label="A box to tick" />
    </>
  );
}
