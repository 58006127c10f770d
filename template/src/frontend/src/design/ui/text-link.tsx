import type { ComponentProps } from "react";

/** A link in a text; it loads the page, so that pages without other links need no code for them. */
export function TextLink({ href, children }: { href: string } & Pick<ComponentProps<"a">, "children">) {
  return (
    <a href={href} className="rounded-sm font-medium text-brand-text underline underline-offset-4 hover:decoration-2">
      {children}
    </a>
  );
}
