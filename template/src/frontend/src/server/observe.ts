import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SpanStatusCode } from "@opentelemetry/api";
import { env } from "@/env";
import { log } from "./log";
import { inFlight, methodOf, observe } from "./metrics";
import { routeOf } from "./routes";
import { isTracing, startSpan } from "./spans";
import { traceOf, traceparent } from "./trace-context";

const DISCONNECTED = 499;
/** As in the services: an ID that is safe to log. */
const VALID_ID = /^[A-Za-z0-9._-]{8,64}$/;
const QUIET = new Set(["/health", "/_next/[...file]", "/icon.svg", "/favicon.ico"]);

/** Count a request, and begin its span; proxy.ts and the pages find its trace in the headers. */
export function observeRequest(request: IncomingMessage, response: ServerResponse) {
  const started = performance.now();
  const route = routeOf(request.url ?? "");
  const method = methodOf(request.method);
  const offered = request.headers["x-request-id"];
  const requestId = typeof offered === "string" && VALID_ID.test(offered) ? offered : randomUUID();
  request.headers["x-request-id"] = requestId;
  const trace = isTracing() && !QUIET.has(route) ? traceOf(single(request), env().OTEL_TRACES_SAMPLER_ARG) : undefined;
  const span = trace && startSpan(trace);
  if (trace) request.headers.traceparent = traceparent(trace, span?.spanContext().spanId);
  else delete request.headers.traceparent;
  inFlight.inc();
  response.once("close", () => {
    const seconds = (performance.now() - started) / 1000;
    const status = response.writableFinished ? response.statusCode : DISCONNECTED;
    inFlight.dec();
    observe(method, route, status, seconds);
    const attributes = {
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
    };
    log(levelOf(route, status), "request", {
      ...attributes,
      request_id: requestId,
      duration_ms: Math.round(seconds * 100_000) / 100,
      ...(trace && { trace_id: trace.traceId, span_id: request.headers.traceparent?.slice(36, 52) }),
    });
    if (!span) return;
    span.updateName(`${method} ${route}`);
    span.setAttributes({ ...attributes, "request.id": requestId });
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
}

/** The context of the caller, of which there must be only one. */
function single(request: IncomingMessage): string | undefined {
  const found = request.headersDistinct.traceparent;
  return found?.length === 1 ? found[0] : undefined;
}

function levelOf(route: string, status: number): "debug" | "info" | "error" {
  if (status >= 500) return "error";
  return QUIET.has(route) ? "debug" : "info";
}
