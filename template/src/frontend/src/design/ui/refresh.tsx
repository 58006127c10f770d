"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Renders the page again, or goes to another, every few seconds while it is visible. */
export function Refresh({ seconds, to }: { seconds: number; to?: string }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      if (to) router.replace(to);
      else router.refresh();
    }, seconds * 1000);
    return () => {
      clearInterval(timer);
    };
  }, [router, seconds, to]);
  return null;
}
