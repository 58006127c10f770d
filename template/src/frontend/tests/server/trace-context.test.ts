/** @jest-environment node */
import { traceOf, traceparent } from "@/server/trace-context";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test.each([`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-00`, `cc-${TRACE}-${SPAN}-03-what-follows`])(
  "%s is continued",
  (header) => {
    const trace = traceOf(header, 1);
    expect([trace.traceId, trace.parentId, trace.isSampled]).toEqual([TRACE, SPAN, true]);
    expect(traceparent(trace, SPAN)).toBe(`00-${TRACE}-${SPAN}-${header.includes("-03") ? "03" : "01"}`);
  },
);

test.each([
  undefined,
  "",
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-01\n`,
  `00-${TRACE}-${SPAN}-1`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
])("%j begins a new trace", (header) => {
  const trace = traceOf(header, 1);
  expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(trace.traceId).not.toBe(TRACE);
  expect(trace.parentId).toBeUndefined();
  expect(traceparent(trace)).toMatch(new RegExp(`^00-${trace.traceId}-[0-9a-f]{16}-03$`));
});

test("the last 56 bits of the ID decide, not the client", () => {
  const sampled = (last: string, share: number) =>
    [0, 1].map((flag) => traceOf(`00-${"f".repeat(18)}${last}-${SPAN}-0${flag}`, share).isSampled);
  expect(sampled("0".repeat(14), 0.1)).toEqual([false, false]);
  expect(sampled("e6666666666667", 0.1)).toEqual([false, false]);
  expect(sampled("e6666666666668", 0.1)).toEqual([true, true]);
  expect(sampled("f".repeat(14), 0)).toEqual([false, false]);
  expect(sampled("0".repeat(14), 1)).toEqual([true, true]);
});
