import { type NextRequest, NextResponse } from "next/server";
import { IS_DEVELOPMENT_SERVER } from "@/env";
import { type Cookie, cookieNames, expiresSoon, noSessionCookies, sessionCookies } from "@/server/cookies";
import { forwardedHeaders } from "@/server/forwarded";
import { refresh } from "@/server/refresh";

export const config = {
  matcher: [{ source: "/((?!_next/static|health$|icon.svg$|favicon.ico$).*)" }],
};

/** Every request passes here: cross-site ones are refused, tokens refreshed, and headers set. */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  if (isCrossSite(request)) return new NextResponse("Cross-site request refused\n", { status: 403 });
  const requestId = request.headers.get("x-request-id") ?? crypto.randomUUID();
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const policy = contentSecurityPolicy(nonce);

  const headers = new Headers(request.headers);
  headers.set("x-request-id", requestId);
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  headers.set("x-path", `${request.nextUrl.pathname}${request.nextUrl.search}`);
  const changed = await renew(request, forwardedHeaders(headers));
  for (const { name, value } of changed) {
    if (value) request.cookies.set(name, value);
    else request.cookies.delete(name);
  }
  if (request.cookies.size > 0) headers.set("cookie", request.cookies.toString());
  // Next ignores an empty header.
  else headers.delete("cookie");

  const response = NextResponse.next({ request: { headers } });
  for (const cookie of changed) response.cookies.set(cookie);
  response.headers.set("x-request-id", requestId);
  response.headers.set("content-security-policy", policy);
  // Addresses have tokens of mailed links. `no-referrer` would also hide the origin of our own forms.
  response.headers.set("referrer-policy", "same-origin");
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("cache-control", "private, no-store");
  return response;
}

/** The cookies that change because the access token expires soon. */
async function renew(request: NextRequest, headers: Record<string, string>): Promise<Cookie[]> {
  const names = cookieNames();
  const token = request.cookies.get(names.refresh)?.value;
  if (!token || !expiresSoon(request.cookies.get(names.access)?.value, Date.now())) return [];
  const outcome = await refresh(token, headers);
  if (outcome.kind === "renewed") return sessionCookies(outcome.tokens);
  return outcome.kind === "ended" ? noSessionCookies() : [];
}

/** Whether another site may have caused the request: only reading is allowed to it. */
function isCrossSite(request: NextRequest): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  const site = request.headers.get("sec-fetch-site");
  if (site) return site !== "same-origin";
  const origin = request.headers.get("origin");
  return origin === null || !URL.canParse(origin) || new URL(origin).host !== request.headers.get("host");
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    // Only the development server evaluates code and adds styles.
    `script-src 'nonce-${nonce}' 'strict-dynamic'${IS_DEVELOPMENT_SERVER ? " 'unsafe-eval'" : ""}`,
    `style-src 'self' ${IS_DEVELOPMENT_SERVER ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}
