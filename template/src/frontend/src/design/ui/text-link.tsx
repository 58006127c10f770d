import Link from "next/link";
import type { ComponentProps } from "react";

export function TextLink({ className = "", ...rest }: ComponentProps<typeof Link>) {
  return (
    <Link
      className={`rounded-sm font-medium text-brand-text underline underline-offset-4 hover:decoration-2 ${className}`}
      prefetch={false}
      {...rest}
    />
  );
}
