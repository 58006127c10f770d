/** @jest-environment node */
import { expiresSoon, noSessionCookies, sessionCookies } from "@/server/cookies";

jest.mock("@/env", () => ({ env: () => ({ PLAIN_COOKIES: false }) }));

const NOW = 1_700_000_000_000;

function token(payload: object): string {
  return `header.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.signature`;
}

test("session cookies belong to this host, and scripts cannot read them", () => {
  const cookies = sessionCookies({ access_token: "a", refresh_token: "r", expires_in: 900 });
  expect(cookies.map(({ name, value }) => [name, value])).toEqual([
    ["__Host-access", "a"],
    ["__Host-refresh", "r"],
  ]);
  expect(cookies[0]).toMatchObject({ maxAge: 900 });
  for (const cookie of [...cookies, ...noSessionCookies()])
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "lax", path: "/" });
});

test("a token expires soon within the margin, or when it cannot be read", () => {
  const inSeconds = (seconds: number) => token({ exp: NOW / 1000 + seconds });
  expect(expiresSoon(inSeconds(31), NOW)).toBe(false);
  expect(expiresSoon(inSeconds(29), NOW)).toBe(true);
  expect(expiresSoon(inSeconds(29), NOW, 0)).toBe(false);
  for (const unreadable of [undefined, "", "x", "x.y.z", token({}), token({ exp: "soon" })])
    expect(expiresSoon(unreadable, NOW)).toBe(true);
});
