import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { env } from "@/env";
import { serveMetrics } from "./metrics";
import { observeRequest } from "./observe";
import { startTracing } from "./spans";

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** Check the settings, and observe each request, with the address of its client, before Next reads it. */
export function start() {
  try {
    env();
  } catch (error) {
    // An exception would keep the server running, with status 500 for every request.
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
  startTracing();
  const metrics = serveMetrics();
  subscribe("http.server.request.start", (message) => {
    const { request, response, server } = message as {
      request: IncomingMessage;
      response: ServerResponse;
      server: object;
    };
    if (server === metrics) return;
    appendAddress(request);
    observeRequest(request, response);
  });
}

/**
 * Append the TCP peer to `X-Forwarded-For`, as every proxy does: Next keeps what a client sends.
 *
 * Except for this machine: Next itself requests the page to which an action redirects, with the headers of the action's
 * request, and all users would count as one client.
 */
export function appendAddress(request: IncomingMessage) {
  const peer = request.socket.remoteAddress;
  const received = request.headers["x-forwarded-for"];
  if (received && peer && LOOPBACK.test(peer)) return;
  request.headers["x-forwarded-for"] = [received, peer].filter(Boolean).join(", ");
}
