import type { ReactNode } from "react";
import { NarrowPage, Page, Row, Rows, Section, SplitSection } from "./layout";

/** A place that is still empty; hidden without JavaScript, which would fill it: see tokens.css. */
export function Skeleton({ className }: { className: string }) {
  return (
    <span data-skeleton="" aria-hidden="true" className={`block animate-pulse rounded-md bg-sunken ${className}`} />
  );
}

/** The whole of what a page or section shows before its content. */
function Loading({ children }: { children: ReactNode }) {
  return (
    <div data-skeleton="" className="contents">
      <span role="status" className="sr-only">
        Loading…
      </span>
      {children}
    </div>
  );
}

/** A page before its sections. */
export function PageSkeleton({ title, children = <RowsSkeleton /> }: { title: string; children?: ReactNode }) {
  return (
    <Loading>
      <Page title={title}>
        <div className="overflow-hidden rounded-lg border border-line bg-surface shadow-card">{children}</div>
      </Page>
    </Loading>
  );
}

/** A page before its form. */
export function FormSkeleton({ title }: { title: string }) {
  return (
    <Loading>
      <NarrowPage title={title} back={<Skeleton className="h-5 w-24" />}>
        <FieldsSkeleton />
      </NarrowPage>
    </Loading>
  );
}

export function SectionSkeleton({ title }: { title: string }) {
  return (
    <Loading>
      <Section title={title}>
        <RowsSkeleton />
      </Section>
    </Loading>
  );
}

export function SplitSectionSkeleton({ title }: { title: string }) {
  return (
    <Loading>
      <SplitSection title={title}>
        <Skeleton className="h-10 w-32" />
      </SplitSection>
    </Loading>
  );
}

export function RowsSkeleton() {
  return (
    <Rows label="Loading">
      {["w-44", "w-32", "w-40", "w-36"].map((width) => (
        <Row key={width}>
          <Skeleton className={`h-5 ${width}`} />
          <Skeleton className="h-8 w-24" />
        </Row>
      ))}
    </Rows>
  );
}

export function FieldsSkeleton() {
  return (
    <div className="grid gap-5">
      <Skeleton className="h-16" />
      <Skeleton className="h-28" />
      <Skeleton className="h-10 w-36" />
    </div>
  );
}
