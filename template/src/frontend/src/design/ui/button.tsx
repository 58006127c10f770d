import Link from "next/link";
import type { ComponentProps } from "react";

export type Variant = "primary" | "secondary" | "danger" | "warn" | "quiet";

const SHAPE =
  "inline-flex min-h-10 items-center justify-center gap-2 rounded-md px-4 text-sm font-medium whitespace-nowrap transition-colors aria-disabled:cursor-default aria-disabled:opacity-60";
const VARIANTS: Record<Variant, string> = {
  primary: "bg-brand text-brand-contrast hover:bg-brand-strong",
  secondary: "border border-outline bg-surface text-ink hover:bg-sunken",
  danger: "bg-danger text-danger-contrast hover:bg-danger-strong",
  // Leads to something dangerous, or undoes little.
  warn: "border border-outline bg-surface text-danger-text hover:border-danger hover:bg-danger-soft",
  quiet: "text-brand-text hover:bg-brand-soft",
};

export function buttonStyle(variant: Variant = "primary", more = ""): string {
  return `${SHAPE} ${VARIANTS[variant]} ${more}`;
}

interface ButtonProps extends ComponentProps<"button"> {
  variant?: Variant;
  /** Shows that the action runs; the button keeps the focus, but does nothing. */
  pending?: boolean;
}

export function Button({ variant, pending = false, className, children, type = "submit", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      aria-disabled={pending || undefined}
      className={buttonStyle(variant, className)}
      {...rest}
      {...(pending ? { onClick: ignore } : {})}
    >
      {pending ? <Spinner /> : null}
      {children}
    </button>
  );
}

function ignore(event: { preventDefault: () => void }) {
  event.preventDefault();
}

interface ButtonLinkProps extends ComponentProps<typeof Link> {
  variant?: Variant;
}

export function ButtonLink({ variant, className, ...rest }: ButtonLinkProps) {
  return <Link className={buttonStyle(variant, className)} prefetch={false} {...rest} />;
}

/** Decoration beside a text that names what is pending. */
export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-4 animate-spin rounded-full border-2 border-current border-r-transparent opacity-80"
    />
  );
}
