import "server-only";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { getCurrentUser } from "@/api/generated/api";
import { noSessionCookies, sessionCookies, type Tokens } from "./cookies";

export async function beginSession(tokens: Tokens) {
  const jar = await cookies();
  for (const cookie of sessionCookies(tokens)) jar.set(cookie);
}

export async function forgetSession() {
  const jar = await cookies();
  for (const cookie of noSessionCookies()) jar.set(cookie);
}

/** The answer of the gateway about the current user, asked once for each request. */
export const currentUser = cache(() => getCurrentUser());

/** Path and query of the page, which proxy.ts adds to the request. */
export async function currentPath(): Promise<string> {
  return (await headers()).get("x-path") ?? "/";
}

/** Go to where an ended session is forgotten, and from there to sign in and back: a page cannot change cookies. */
export async function redirectEnded(): Promise<never> {
  redirect(`/session/end?to=${encodeURIComponent(await currentPath())}`);
}
