import type { ReactNode } from "react";

const TONES = {
  info: "border-brand-soft-text/25 bg-brand-soft text-brand-soft-text",
  success: "border-success-soft-text/25 bg-success-soft text-success-soft-text",
  warning: "border-warning-soft-text/25 bg-warning-soft text-warning-soft-text",
  danger: "border-danger-soft-text/25 bg-danger-soft text-danger-soft-text",
};

export type Tone = keyof typeof TONES;

/** A message about the page or the form; one about a failure is announced at once. */
export function Alert({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <div role={tone === "danger" ? "alert" : "status"} className={`rounded-md border px-4 py-3 text-sm ${TONES[tone]}`}>
      {children}
    </div>
  );
}

const BADGES = {
  neutral: "bg-sunken text-ink",
  info: "bg-brand-soft text-brand-soft-text",
  success: "bg-success-soft text-success-soft-text",
  warning: "bg-warning-soft text-warning-soft-text",
  danger: "bg-danger-soft text-danger-soft-text",
};

export function Badge({ tone = "neutral", children }: { tone?: keyof typeof BADGES; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center rounded-full px-2.5 py-0.5 text-xs font-medium ${BADGES[tone]}`}>
      {children}
    </span>
  );
}
