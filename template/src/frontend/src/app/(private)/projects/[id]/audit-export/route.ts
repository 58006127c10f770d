import { getDownloadAuditExportUrl } from "@/api/generated/api";
import { request } from "@/server/gateway";

const PASSED_ON = ["content-type", "content-length", "content-disposition"];

/** The file of the last export, streamed from the gateway. */
export async function GET(_request: Request, { params }: RouteContext<"/projects/[id]/audit-export">) {
  const { id } = await params;
  const answer = await request(getDownloadAuditExportUrl(id), {});
  if (!answer?.ok) return new Response("The export is not available.\n", { status: answer?.status ?? 503 });
  const headers = new Headers();
  for (const name of PASSED_ON) {
    const value = answer.headers.get(name);
    if (value) headers.set(name, value);
  }
  return new Response(answer.body, { headers });
}
