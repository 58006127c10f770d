import { ChevronLeft } from "lucide-react";

/** The way to the page above, over a title. */
export function BackLink({ href, children }: { href: string; children: string }) {
  return (
    <a
      href={href}
      className="-ml-1 inline-flex max-w-full items-center gap-1 rounded-sm font-medium text-muted hover:text-ink"
    >
      <ChevronLeft aria-hidden="true" className="size-4 shrink-0" />
      <span className="truncate">{children}</span>
    </a>
  );
}
