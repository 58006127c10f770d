import "server-only";
import { cookies, headers } from "next/headers";
import type { Problem } from "@/api/generated/api";
import { env } from "@/env";
import { cookieNames } from "./cookies";
import { forwardedHeaders } from "./forwarded";

const TIMEOUT_MS = 30_000;
const UNAVAILABLE: Problem = {
  type: "about:blank",
  title: "Service Unavailable",
  status: 503,
  code: "unavailable",
  detail: "The service cannot be reached. Try again in a moment.",
};

/** Send a request of the generated client, as the user of the current request; without a gateway, the answer is 503. */
export async function send<T>(path: string, options: RequestInit): Promise<T> {
  const response = await request(path, options);
  if (!response) return { status: 503, data: UNAVAILABLE, headers: new Headers() } as T;
  const text = await response.text();
  return {
    status: response.status,
    data: text ? (JSON.parse(text) as unknown) : undefined,
    headers: response.headers,
  } as T;
}

/** The response itself, for downloads; undefined if there is none. */
export async function request(path: string, options: RequestInit): Promise<Response | undefined> {
  const [jar, incoming] = await Promise.all([cookies(), headers()]);
  const token = jar.get(cookieNames().access)?.value;
  try {
    return await fetch(`${env().GATEWAY_URL}${path}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...options,
      headers: {
        ...(options.headers as Record<string, string> | undefined),
        ...forwardedHeaders(incoming),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      cache: "no-store",
    });
  } catch {
    return undefined;
  }
}
