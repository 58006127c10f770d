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
