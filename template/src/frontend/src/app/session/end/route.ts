import { type NextRequest, NextResponse } from "next/server";
import { getCurrentUser } from "@/api/generated/api";
import { cookieNames, expiresSoon, noSessionCookies } from "@/server/cookies";
import { safePath } from "@/server/paths";

/**
 * Where a page sends a browser whose token the gateway refused.
 *
 * proxy.ts has refreshed the token by now if that was possible, so the session is asked about once more, and only one
 * that has really ended is forgotten: the late request of an old tab must not sign the user out.
 */
export async function GET(request: NextRequest) {
  const to = safePath(request.nextUrl.searchParams.get("to"));
  const { status } = await getCurrentUser();
  if (status === 200) return goTo(to);
  if (status !== 401 || couldNotRefresh(request)) return goTo(`/unavailable?to=${encodeURIComponent(to)}`);
  const response = goTo(`/sign-in?notice=ended&to=${encodeURIComponent(to)}`);
  const isOwn = request.headers.get("sec-fetch-site") !== "cross-site";
  if (isOwn) for (const cookie of noSessionCookies()) response.cookies.set(cookie);
  return response;
}

/** proxy.ts removes a refresh token that was refused. */
function couldNotRefresh({ cookies }: NextRequest): boolean {
  const names = cookieNames();
  return Boolean(cookies.get(names.refresh)?.value) && expiresSoon(cookies.get(names.access)?.value, Date.now(), 0);
}

function goTo(location: string): NextResponse {
  return new NextResponse(null, { status: 303, headers: { location } });
}
