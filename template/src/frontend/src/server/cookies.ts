// Names and attributes of the cookies of a session. proxy.ts uses this too, so nothing here imports next/headers.
import { env } from "@/env";

/** The server decides when a session ends; this only has to be longer. */
const REFRESH_SECONDS = 400 * 24 * 3600;

export interface Tokens {
  access_token: string;
  refresh_token: string;
  /** Seconds until the access token expires. */
  expires_in: number;
}

export interface Cookie {
  name: string;
  value: string;
  /** Seconds until the browser deletes it. */
  maxAge?: number;
  /** In the past: deletes the cookie. Next loses a `maxAge` of 0 when it copies cookies of proxy.ts to a page's response. */
  expires?: Date;
  httpOnly: true;
  secure: boolean;
  sameSite: "lax";
  path: "/";
}

/** Only a cookie that is `Secure` and of this host may have a name with `__Host-`. */
export function cookieNames() {
  const prefix = env().PLAIN_COOKIES ? "" : "__Host-";
  return { access: `${prefix}access`, refresh: `${prefix}refresh` };
}

export function sessionCookies(tokens: Tokens): Cookie[] {
  const { access, refresh } = cookieNames();
  return [
    { name: access, value: tokens.access_token, maxAge: tokens.expires_in, ...attributes() },
    { name: refresh, value: tokens.refresh_token, maxAge: REFRESH_SECONDS, ...attributes() },
  ];
}

export function noSessionCookies(): Cookie[] {
  return Object.values(cookieNames()).map((name) => ({ name, value: "", expires: new Date(0), ...attributes() }));
}

function attributes() {
  return { httpOnly: true, secure: !env().PLAIN_COOKIES, sameSite: "lax", path: "/" } as const;
}

/** Whether an access token is missing, unreadable, or valid for less than `margin` seconds after `now`, in ms. */
export function expiresSoon(token: string | undefined, now: number, margin = 30): boolean {
  try {
    const [, payload = ""] = (token ?? "").split(".");
    const { exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp?: unknown };
    return typeof exp !== "number" || exp * 1000 - now < margin * 1000;
  } catch {
    return true;
  }
}
