import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { env } from "@/env";

/** Check the settings, and record the address of each client before Next reads the request. */
export function start() {
  try {
    env();
  } catch (error) {
    // An exception would keep the server running, with status 500 for every request.
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
  subscribe("http.server.request.start", (message) => {
    appendAddress((message as { request: IncomingMessage }).request);
  });
}

/** Append the TCP peer to `X-Forwarded-For`, as every proxy does: Next keeps what a client sends. */
export function appendAddress(request: IncomingMessage) {
  const peer = request.socket.remoteAddress;
  const received = request.headers["x-forwarded-for"];
  request.headers["x-forwarded-for"] = [received, peer].filter(Boolean).join(", ");
}
