import { createServer, type Server } from "node:http";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { env, HOST } from "@/env";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** As those of the services. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const registers = [new Registry()];
const [registry] = registers as [Registry];

const requests = new Counter({
  name: "http_requests_total",
  help: "Number of requests.",
  labelNames: ["method", "route", "status"],
  registers,
});
const durations = new Histogram({
  name: "http_request_duration_seconds",
  help: "Duration of requests until the end of the response.",
  labelNames: ["method", "route", "status_class"],
  buckets: BUCKETS,
  registers,
});
export const inFlight = new Gauge({
  name: "http_requests_in_flight",
  help: "Requests without a complete response.",
  registers,
});
export const droppedSpans = new Counter({
  name: "spans_dropped_total",
  help: "Spans that were lost.",
  labelNames: ["reason"],
  registers,
});
const info = new Gauge({
  name: "app_info",
  help: "The running release.",
  labelNames: ["service", "version", "environment"],
  registers,
});

/** The method, or OTHER for one that is not common. */
export function methodOf(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : "OTHER";
}

export function observe(method: string, route: string, status: number, seconds: number) {
  requests.inc({ method, route, status });
  durations.observe({ method, route, status_class: `${Math.floor(status / 100)}xx` }, seconds);
}

export function render(): Promise<string> {
  return registry.metrics();
}

/** Serve `/metrics` on a port of its own, which clients cannot reach, if the settings have one. */
export function serveMetrics(): Server | undefined {
  const { APP_VERSION, ENVIRONMENT, FRONTEND_METRICS_PORT } = env();
  info.set({ service: "frontend", version: APP_VERSION, environment: ENVIRONMENT }, 1);
  droppedSpans.inc({ reason: "export failed" }, 0);
  collectDefaultMetrics({ register: registry });
  if (FRONTEND_METRICS_PORT === undefined) return undefined;
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    void render().then((text) => response.writeHead(200, { "content-type": registry.contentType }).end(text));
  });
  server.listen(FRONTEND_METRICS_PORT, HOST);
  // Does not keep a server running that is stopping.
  server.unref();
  return server;
}
