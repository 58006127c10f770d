"use client";

import Link, { useLinkStatus } from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";

/** A link of the main navigation, marked while its pages are open, and while they load. */
export function NavLink({ href, children }: { href: string; children: ReactNode }) {
  const path = usePathname();
  const isCurrent = path === href || path.startsWith(`${href}/`);
  return (
    <Link
      href={href}
      prefetch={false}
      aria-current={isCurrent ? (path === href ? "page" : "true") : undefined}
      className="relative flex min-h-12 items-center gap-2 px-3 text-sm font-medium text-muted hover:text-ink aria-[current]:text-ink sm:min-h-14 aria-[current]:[&>span]:bg-brand"
    >
      {children}
      <Underline />
    </Link>
  );
}

function Underline() {
  const { pending } = useLinkStatus();
  return (
    <span
      className={`absolute inset-x-3 bottom-0 h-0.5 rounded-full ${pending ? "animate-pulse bg-outline delay-100" : ""}`}
    />
  );
}
