import type { Instrumentation } from "next";

/** Next calls this once before the first request. */
export async function register() {
  // The build drops this branch for the edge, which has no Node.js.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { start } = await import("./server/start");
    start();
  }
}

/** Next calls this for an error in a page; the digest is what the page shows of it. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { logError } = await import("./server/log");
    logError(error, request.headers, context.routePath);
  }
};
