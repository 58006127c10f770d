/** @jest-environment node */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

const SPAN = "00f067aa0ba902b7";
let mockSpans: ReadableSpan[] = [];
let frontend: Server;
let headers: NodeJS.Dict<string | string[]> = {};

// The transport of the real one imports modules in a way that Jest does not support.
jest.mock("@opentelemetry/exporter-trace-otlp-proto", () => ({
  OTLPTraceExporter: class {
    export(spans: ReadableSpan[], done: (result: { code: number }) => void) {
      mockSpans = [...mockSpans, ...spans];
      done({ code: 0 });
    }
  },
}));

beforeAll(async () => {
  jest.replaceProperty(process, "env", {
    NODE_ENV: "test",
    GATEWAY_URL: "http://127.0.0.1:9",
    ROUTES: "/ /projects/new /health /projects/[id] /_next/[...file]",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_TRACES_SAMPLER_ARG: "1",
  });
  const { startTracing } = await import("@/server/spans");
  const { observeRequest } = await import("@/server/observe");
  startTracing();
  frontend = createServer((request, response) => {
    observeRequest(request, response);
    headers = request.headers;
    response.writeHead(request.url?.startsWith("/broken") ? 500 : 200).end();
  });
  await once(frontend.listen(0, "127.0.0.1"), "listening");
});

afterAll(() => {
  frontend.close();
});

async function until(condition: () => boolean) {
  const deadline = Date.now() + 20_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a request is a span below that of its caller, without path and query", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const traceId = randomBytes(16).toString("hex");
  const url = `http://127.0.0.1:${(frontend.address() as AddressInfo).port}/projects/7f3c?token=hunter2`;
  await fetch(url, { headers: { traceparent: `00-${traceId}-${SPAN}-00`, "x-request-id": "request-1234" } });
  await until(() => mockSpans.length > 0);
  const spanId = String(headers.traceparent).slice(36, 52);
  expect(headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  const [span] = mockSpans;
  expect(span?.spanContext()).toMatchObject({ traceId, spanId });
  expect(span?.parentSpanContext?.spanId).toBe(SPAN);
  expect(span?.name).toBe("GET /projects/[id]");
  expect(span?.resource.attributes["service.name"]).toBe("frontend");
  expect(span?.attributes).toEqual({
    "http.request.method": "GET",
    "http.route": "/projects/[id]",
    "http.response.status_code": 200,
    "request.id": "request-1234",
  });
  const lines = write.mock.calls.map(([line]) => String(line));
  write.mockRestore();
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    event: "request",
    level: "info",
    request_id: "request-1234",
    trace_id: traceId,
    span_id: spanId,
  });
  expect(lines.join("")).not.toContain("hunter2");
}, 30_000);

test("a request without an ID, or with one that is not safe to log, gets a new one", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const url = `http://127.0.0.1:${(frontend.address() as AddressInfo).port}/health`;
  const ids = [];
  for (const offered of [undefined, "short", "ada@example.org"]) {
    await fetch(url, { headers: offered ? { "x-request-id": offered } : {} });
    ids.push(String(headers["x-request-id"]));
  }
  write.mockRestore();
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
});

test("clients make no series", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const { methodOf, observe, render } = await import("@/server/metrics");
  const { routeOf } = await import("@/server/routes");
  const series = async () => (await render()).split("\n").filter((line) => line.startsWith("http_")).length;
  const send = (number: number) => {
    const path = `/${["nowhere", "projects", "_next", "a/b"][number % 4] ?? ""}/${randomBytes(9).toString("hex")}?q`;
    observe(methodOf(number % 3 ? `X${number}` : "GET"), routeOf(path), 200, 0.01);
  };
  for (let number = 0; number < 12; number++) send(number);
  const before = await series();
  for (let number = 0; number < 10_000; number++) send(number);
  write.mockRestore();
  expect(await series()).toBe(before);
  expect(await render()).toContain('http_requests_total{method="OTHER",route="unmatched",status="200"}');
});

test.each([
  ["/", "/"],
  ["/projects/new?a=b", "/projects/new"],
  ["/projects/7", "/projects/[id]"],
  ["/projects/7/more", "unmatched"],
  ["/_next/static/chunks/a.js", "/_next/[...file]"],
  ["//projects", "unmatched"],
])("the route of %s is %s", async (path, route) => {
  const { routeOf } = await import("@/server/routes");
  expect(routeOf(path)).toBe(route);
});
