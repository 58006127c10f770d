import type { ReactNode } from "react";

interface PageProps {
  title: string;
  /** What leads back, above the title. */
  back?: ReactNode;
  /** A sentence below the title. */
  lead?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}

/** A page of the application: its title, its actions and its sections. */
export function Page({ title, back, lead, actions, children }: PageProps) {
  return (
    <main id="content" className="mx-auto grid w-full max-w-page gap-8 px-4 py-8 sm:px-6 sm:py-12">
      <header className="grid gap-2">
        {back ? <div className="min-w-0 text-sm">{back}</div> : null}
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
          <div className="grid max-w-text gap-2 wrap-anywhere">
            <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
            {lead ? <div className="text-muted">{lead}</div> : null}
          </div>
          {actions ? <div className="flex flex-wrap gap-3">{actions}</div> : null}
        </div>
      </header>
      {children}
    </main>
  );
}

/** A page with one thing to do. */
export function NarrowPage({ title, back, lead, children }: Omit<PageProps, "actions">) {
  return (
    <main id="content" className="mx-auto grid w-full max-w-form content-start gap-6 px-4 py-10 sm:py-16">
      <header className="grid gap-2">
        {back ? <div className="min-w-0 text-sm">{back}</div> : null}
        <h1 className="text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
        {lead ? <div className="wrap-anywhere text-muted">{lead}</div> : null}
      </header>
      {children}
    </main>
  );
}

interface SectionProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}

/** A card with a heading above rows. */
export function Section({ title, lead, actions, children }: SectionProps) {
  return (
    <section className="overflow-hidden rounded-lg border border-line bg-surface shadow-card">
      <header className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 pt-5 pb-4 sm:px-6">
        <div className="grid gap-1">
          <h2 className="text-lg font-semibold">{title}</h2>
          {lead ? <div className="max-w-text text-sm text-muted">{lead}</div> : null}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** A card with a heading beside what it is about, such as a form. */
export function SplitSection({ title, lead, children }: Omit<SectionProps, "actions">) {
  return (
    <section className="grid gap-x-8 gap-y-4 rounded-lg border border-line bg-surface p-5 shadow-card sm:p-6 lg:grid-cols-[18rem_1fr]">
      <header className="grid content-start gap-1">
        <h2 className="text-lg font-semibold">{title}</h2>
        {lead ? <div className="text-sm text-muted">{lead}</div> : null}
      </header>
      <div className="grid max-w-text content-start gap-4">{children}</div>
    </section>
  );
}

/** The padded part of a section. */
export function SectionBody({ children }: { children: ReactNode }) {
  return <div className="grid max-w-text gap-4 px-5 pb-6 sm:px-6">{children}</div>;
}

/** Rows of a section, with a line above each. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className="divide-y divide-line border-t border-line">
      {children}
    </ul>
  );
}

export function Row({ children }: { children: ReactNode }) {
  return <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4 sm:px-6">{children}</li>;
}

/** A place where something would be, and how it gets there. */
export function EmptyState({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-3 rounded-lg border border-dashed border-outline/50 px-6 py-16 text-center">
      <span className="grid size-12 place-items-center rounded-full bg-brand-soft text-brand-soft-text">{icon}</span>
      <h2 className="text-lg font-semibold">{title}</h2>
      <div className="grid max-w-form justify-items-center gap-4 text-sm text-muted">{children}</div>
    </div>
  );
}
