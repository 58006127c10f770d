/** @jest-environment node */
import type { IncomingMessage } from "node:http";
import { appendAddress } from "@/server/start";

function request(received?: string, remoteAddress = "198.51.100.7"): IncomingMessage {
  const headers = received === undefined ? {} : { "x-forwarded-for": received };
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

test("the TCP peer is the last address, after what it claims to be", () => {
  const direct = request();
  const proxied = request("203.0.113.9");
  appendAddress(direct);
  appendAddress(proxied);
  expect(direct.headers["x-forwarded-for"]).toBe("198.51.100.7");
  expect(proxied.headers["x-forwarded-for"]).toBe("203.0.113.9, 198.51.100.7");
});

test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1"])("a request of Next itself, from %s, keeps the address", (peer) => {
  const own = request("203.0.113.9, 198.51.100.7", peer);
  const local = request(undefined, peer);
  appendAddress(own);
  appendAddress(local);
  expect(own.headers["x-forwarded-for"]).toBe("203.0.113.9, 198.51.100.7");
  expect(local.headers["x-forwarded-for"]).toBe(peer);
});
