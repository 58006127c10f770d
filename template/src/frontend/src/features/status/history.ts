import type { Component, Health } from "@/api/generated/api";

/** How many answers are kept for each component. */
export const LENGTH = 60;

export interface Entry {
  name: string;
  /** The last answer; undefined if the last one did not have this component. */
  last: Component | undefined;
  /** Milliseconds of the last answers, oldest first; null for one that failed. */
  latencies: (number | null)[];
}

export interface History {
  /** Undefined before the first answer, null while there is none. */
  status: Health["status"] | null | undefined;
  entries: Entry[];
}

export const NO_HISTORY: History = { status: undefined, entries: [] };

/** The history with one more answer; null if there was none. */
export function addAnswer({ entries }: History, health: Health | null): History {
  const found = health?.components ?? {};
  const known = new Map(entries.map((entry) => [entry.name, entry]));
  const names = new Set([...known.keys(), ...Object.keys(found)]);
  return {
    status: health?.status ?? null,
    entries: [...names].map((name) => {
      const last = found[name];
      const latency = last && last.status === "ok" ? last.latency_ms : null;
      return { name, last, latencies: [...(known.get(name)?.latencies ?? []), latency].slice(-LENGTH) };
    }),
  };
}
