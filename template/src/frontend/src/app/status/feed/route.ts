import { getReadiness } from "@/api/generated/api";
import { currentUser } from "@/server/session";

/** The state of the application, for the status page of users; also while the service that knows users is away. */
export async function GET() {
  const user = await currentUser();
  if (user.status === 401) return Response.json(null, { status: 401 });
  const { status, data } = await getReadiness();
  const health = "components" in data ? data : null;
  return Response.json(health, { status: health ? 200 : status });
}
