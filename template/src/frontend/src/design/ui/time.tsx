"use client";

import { useSyncExternalStore } from "react";

const OPTIONS = { dateStyle: "medium", timeStyle: "short" } as const;
const UTC = new Intl.DateTimeFormat("en", { ...OPTIONS, timeZone: "UTC" });

/** A time in the time zone of the browser; in UTC as long as its code does not run. */
export function Time({ value }: { value: string }) {
  // React hydrates what the server has sent before it shows what the browser knows.
  const text = useSyncExternalStore(
    subscribe,
    () => new Intl.DateTimeFormat("en", OPTIONS).format(new Date(value)),
    () => `${UTC.format(new Date(value))} UTC`,
  );
  return <time dateTime={value}>{text}</time>;
}

/** The time zone does not change while a page is open. */
function subscribe() {
  return () => undefined;
}
