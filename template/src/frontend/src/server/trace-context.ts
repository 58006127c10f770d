import { randomBytes } from "node:crypto";

// Later versions may have more after the flags; version 00 has exactly 55 characters.
const VALID = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
const LENGTH_00 = 55;
const [SAMPLED, RANDOM] = [1, 2];

export interface TraceContext {
  traceId: string;
  /** Of the caller; undefined in a new trace. */
  parentId: string | undefined;
  isSampled: boolean;
  flags: number;
}

/**
 * The trace of a request: that of its caller, or a new one.
 *
 * The last 56 bits of its ID decide whether a share of all traces has it, as in the services: a client does not.
 */
export function traceOf(received: string | undefined, share: number): TraceContext {
  const parent = received === undefined ? undefined : parse(received);
  const traceId = parent?.traceId ?? randomBytes(16).toString("hex");
  const isSampled = share > 0 && traceId.slice(18) >= threshold(share);
  const random = parent ? parent.flags & RANDOM : RANDOM;
  return { traceId, parentId: parent?.parentId, isSampled, flags: random | (isSampled ? SAMPLED : 0) };
}

/** The value of `traceparent` for what this request calls; without a span, its ID is random. */
export function traceparent({ traceId, flags }: TraceContext, spanId = randomBytes(8).toString("hex")): string {
  return `00-${traceId}-${spanId}-0${flags}`;
}

function parse(header: string): { traceId: string; parentId: string; flags: number } | undefined {
  const [, traceId, parentId, flags] = VALID.exec(header) ?? [];
  const isTooLong = header.startsWith("00") && header.length !== LENGTH_00;
  if (!traceId || !parentId || !flags || isTooLong) return undefined;
  return { traceId, parentId, flags: parseInt(flags, 16) };
}

function threshold(share: number): string {
  return BigInt(Math.round((1 - share) * 2 ** 56))
    .toString(16)
    .padStart(14, "0");
}
