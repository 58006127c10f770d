/** Next calls this once before the first request. */
export async function register() {
  // The build drops this branch for the edge, which has no Node.js.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { start } = await import("./server/start");
    start();
  }
}
