/** What the gateway should know about the request of the browser. */
const FORWARDED = ["x-request-id", "traceparent", "x-forwarded-for", "user-agent", "accept-language"];

export function forwardedHeaders(headers: Headers): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headers.get(name);
    if (value) found[name] = value;
  }
  return found;
}
