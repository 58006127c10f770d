import { env } from "@/env";

/** Not literally in the link, which is one that loads the page: the client code of other links is not for every page. */
export const HOME = "/";

/** The mark and the name of the application, which lead to its start. */
export function Brand() {
  return (
    <a href={HOME} className="flex min-h-10 max-w-[45vw] items-center gap-2.5 rounded-md font-semibold sm:max-w-56">
      <Mark className="size-7 shrink-0" />
      <span className="line-clamp-1 wrap-anywhere">{env().APP_NAME}</span>
    </a>
  );
}

function Mark({ className }: { className: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="8" className="fill-brand" />
      <path
        d="M8 22.5h16M10 18.5 22 9.5v9"
        fill="none"
        strokeWidth="2.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-brand-contrast"
      />
    </svg>
  );
}
