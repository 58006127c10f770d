/** Liveness of this server; it asks nobody else. */
export function GET() {
  return Response.json({ status: "ok" });
}
