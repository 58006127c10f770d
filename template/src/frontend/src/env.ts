import { z } from "zod";

const schema = z
  .object({
    /** Name of the application, for people. */
    APP_NAME: z.string().min(1).default("Application"),
    /** `production` refuses settings that are for development only. */
    ENVIRONMENT: z.enum(["development", "staging", "production"]).default("development"),
    /** The running release, in metrics and traces; images have it. */
    APP_VERSION: z.string().default("unknown"),
    /** The port of /metrics, which clients must not reach; none without it. */
    FRONTEND_METRICS_PORT: z.coerce.number().int().min(1).max(65535).optional(),
    /** URL of a receiver of traces, by OTLP over HTTP; there are none without it. */
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
    /** Share of the traces that is recorded. */
    OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.1),
    /** URL of the gateway, as this server reaches it. */
    GATEWAY_URL: z.url({ protocol: /^https?$/, error: "should be the http:// or https:// URL of the gateway" }),
    /** Cookies without `Secure`, for Safari at http://localhost. */
    PLAIN_COOKIES: z.stringbool().default(false),
  })
  .refine((all) => !(all.PLAIN_COOKIES && all.ENVIRONMENT === "production"), {
    path: ["PLAIN_COOKIES"],
    error: "is for development only: remove it, or set ENVIRONMENT=development",
  });

export type Env = z.infer<typeof schema>;

let known: Env | undefined;

/** The settings of this server, read at first use because a build has none; throws with a line for each wrong one. */
export function env(): Env {
  return (known ??= readEnv(process.env));
}

/** The settings in an environment; empty values count as missing. */
export function readEnv(values: Readonly<Record<string, string | undefined>>): Env {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => describe(issue, given)).join("\n"));
}

function describe(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const name = String(issue.path[0]);
  return name in given ? `${name} ${issue.message}.` : `${name} is missing. Set it to the value in .env.example.`;
}

/** Whether this is `next dev`; a build replaces it by a constant. */
export const IS_DEVELOPMENT_SERVER = process.env.NODE_ENV === "development";

/** The routes of `src/app`, which next.config.ts finds; a build replaces this by a constant. */
export const ROUTES = (process.env.ROUTES ?? "").split(" ");

/** The address on which this server listens; a development server is only for this machine. */
export const HOST = IS_DEVELOPMENT_SERVER ? "127.0.0.1" : (process.env.HOSTNAME ?? "0.0.0.0");
