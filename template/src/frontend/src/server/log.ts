import { env } from "@/env";

const LEVELS = ["debug", "info", "warning", "error"] as const;
type Level = (typeof LEVELS)[number];
/** As those of the services. */
const LEAST = { development: "debug", staging: "info", production: "warning" } as const;

/** Write an event as a line of JSON, with the field names of the services; never a secret, a query or an address. */
export function log(level: Level, event: string, fields: Record<string, unknown>) {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(LEAST[env().ENVIRONMENT])) return;
  const known = { timestamp: new Date().toISOString(), level, event, "service.name": "frontend" };
  process.stdout.write(`${JSON.stringify({ ...known, ...fields })}\n`);
}

/** Log an error in a page with its trace; its message is not logged, as it may have values. */
export function logError(error: unknown, headers: NodeJS.Dict<string | string[]>, route: string) {
  const { name, digest } = (error ?? {}) as { name?: string; digest?: string };
  const [, traceId, spanId] = String(headers.traceparent ?? "").split("-");
  log("error", "request failed", {
    "http.route": route,
    "exception.type": name,
    digest,
    request_id: headers["x-request-id"],
    ...(traceId && { trace_id: traceId, span_id: spanId }),
  });
}
