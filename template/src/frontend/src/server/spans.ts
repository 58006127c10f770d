import { ROOT_CONTEXT, type Span, SpanKind, trace, TraceFlags, type Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from "@opentelemetry/sdk-trace";
import { env } from "@/env";
import { droppedSpans } from "./metrics";
import type { TraceContext } from "./trace-context";

const TIMEOUT_MS = 5000;
const EXPORT_MS = 1000;

let tracer: Tracer | undefined;
/** Of the next trace, by which it was sampled. */
let nextTraceId = "";

/** Send spans to the endpoint in the settings, if there is one. It is not the global provider: Next would add many. */
export function startTracing() {
  const { APP_VERSION, ENVIRONMENT, OTEL_EXPORTER_OTLP_ENDPOINT } = env();
  if (!OTEL_EXPORTER_OTLP_ENDPOINT) return;
  const exporter = new OTLPTraceExporter({
    url: `${OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, "")}/v1/traces`,
    timeoutMillis: TIMEOUT_MS,
  });
  const send = exporter.export.bind(exporter);
  exporter.export = (spans, done) => {
    send(spans, (result) => {
      if (result.error) droppedSpans.inc({ reason: "export failed" }, spans.length);
      done(result);
    });
  };
  const provider = new TracerProvider({
    idGenerator: { generateTraceId: () => nextTraceId, generateSpanId: new RandomIdGenerator().generateSpanId },
    resource: resourceFromAttributes({
      "service.name": "frontend",
      "service.version": APP_VERSION,
      "deployment.environment.name": ENVIRONMENT,
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_MS })],
  });
  tracer = provider.getTracer("frontend");
}

export function isTracing(): boolean {
  return tracer !== undefined;
}

/** Start the span of a request; undefined unless its trace is sampled. */
export function startSpan({ traceId, parentId, isSampled }: TraceContext): Span | undefined {
  if (!tracer || !isSampled) return undefined;
  nextTraceId = traceId;
  const parent = { traceId, spanId: parentId ?? "", traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const context = parentId === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  return tracer.startSpan("request", { kind: SpanKind.SERVER }, context);
}
