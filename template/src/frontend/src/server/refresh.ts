import { env } from "@/env";
import type { Tokens } from "./cookies";

export type Outcome = { kind: "renewed"; tokens: Tokens } | { kind: "ended" } | { kind: "unavailable" };

const TIMEOUT_MS = 10_000;
/** How long requests that were sent with the old cookie get the same outcome; less than an access token lives. */
const KEEP_MS = 30_000;

// A module of proxy.ts only: each bundle would have a map of its own.
const outcomes = new Map<string, Promise<Outcome>>();

/** Exchange a refresh token: one request for all callers with the same token. */
export function refresh(token: string, headers: Record<string, string>): Promise<Outcome> {
  const known = outcomes.get(token);
  if (known) return known;
  const outcome = exchange(token, headers);
  outcomes.set(token, outcome);
  void outcome.then((found) => {
    forget(token, found);
  });
  return outcome;
}

function forget(token: string, outcome: Outcome) {
  if (outcome.kind === "unavailable") {
    outcomes.delete(token);
    return;
  }
  const lifetime = outcome.kind === "renewed" ? outcome.tokens.expires_in * 500 : KEEP_MS;
  setTimeout(() => outcomes.delete(token), Math.min(KEEP_MS, lifetime)).unref();
}

async function exchange(token: string, headers: Record<string, string>): Promise<Outcome> {
  try {
    const response = await fetch(`${env().GATEWAY_URL}/api/auth/refresh`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ refresh_token: token }),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { kind: "renewed", tokens: (await response.json()) as Tokens };
    return { kind: response.status === 401 || response.status === 422 ? "ended" : "unavailable" };
  } catch {
    return { kind: "unavailable" };
  }
}
