"use client";

import { useEffect, useState } from "react";
import type { Health } from "@/api/generated/api";
import { Alert, Badge, type Tone } from "@/design/ui/alert";
import { Row, Rows, Section } from "@/design/ui/layout";
import { RowsSkeleton } from "@/design/ui/skeleton";
import { Sparkline } from "@/design/ui/sparkline";
import { addAnswer, type History, LENGTH, NO_HISTORY } from "./history";

const INTERVAL_MS = 5_000;
const SUMMARIES: Record<Health["status"], [Tone, string]> = {
  ok: ["success", "Everything works."],
  degraded: ["warning", "Everything works, with restrictions."],
  failed: ["danger", "A part of the application is not available."],
};
const STATES = {
  ok: ["success", "works"],
  degraded: ["warning", "restricted"],
  failed: ["danger", "not available"],
} as const;

/** The state of each component, asked for every few seconds. */
export function LiveStatus() {
  const [history, setHistory] = useState(NO_HISTORY);
  useEffect(() => {
    let isOpen = true;
    async function ask() {
      const health = await fetchHealth();
      if (isOpen) setHistory((before) => addAnswer(before, health));
    }
    void ask();
    const timer = setInterval(() => void ask(), INTERVAL_MS);
    return () => {
      isOpen = false;
      clearInterval(timer);
    };
  }, []);
  return (
    <>
      <Summary status={history.status} />
      {history.status === null && history.entries.length === 0 ? null : (
        <Section title="Components" lead={`The time in which each one answered, the last ${LENGTH} times.`}>
          {history.entries.length === 0 ? <RowsSkeleton /> : <Entries history={history} />}
        </Section>
      )}
    </>
  );
}

async function fetchHealth(): Promise<Health | null> {
  try {
    const response = await fetch("/status/feed", { cache: "no-store" });
    if (response.status === 401) location.reload();
    return (await response.json()) as Health | null;
  } catch {
    return null;
  }
}

function Summary({ status }: { status: History["status"] }) {
  if (status === undefined) return <Alert tone="info">Asking all components…</Alert>;
  const [tone, text] = status ? SUMMARIES[status] : (["danger", "The application cannot be reached."] as const);
  return <Alert tone={tone}>{text}</Alert>;
}

function Entries({ history }: { history: History }) {
  return (
    <Rows label="Components">
      {history.entries.map(({ name, last, latencies }) => (
        <Row key={name}>
          <div className="grid min-w-0 grow gap-0.5">
            <span className="flex flex-wrap items-center gap-2 font-medium">
              <span className="first-letter:uppercase">{name}</span>
              <State of={last?.status} />
            </span>
            {last?.reason ? <span className="text-sm wrap-anywhere text-danger-text">{last.reason}</span> : null}
          </div>
          <div className="flex items-center gap-4 max-sm:w-full max-sm:justify-between">
            <Sparkline label={`Answer times of ${name}`} values={latencies} length={LENGTH} />
            <span className="w-20 text-right text-sm text-muted tabular-nums">
              {last && last.status === "ok" ? `${last.latency_ms.toFixed(1)} ms` : "–"}
            </span>
          </div>
        </Row>
      ))}
    </Rows>
  );
}

function State({ of: status }: { of: keyof typeof STATES | undefined }) {
  const [tone, text] = status ? STATES[status] : (["neutral", "unknown"] as const);
  return <Badge tone={tone}>{text}</Badge>;
}
