import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { buttonStyle } from "@/design/ui/button-style";
import { NarrowPage } from "@/design/ui/layout";
import { safePath } from "@/server/paths";
import { currentPath, redirectEnded } from "@/server/session";
import { Unavailable } from "./unavailable-page";

/** The page of a read that failed; with 401, the session has ended. No component, so that it still changes the response. */
export async function failure(status: number) {
  if (status === 401) await redirectEnded();
  if (status === 404 || status === 422) notFound();
  if (status === 429 || status >= 502) return <Unavailable />;
  const incoming = await headers();
  const trace = incoming.get("traceparent")?.split("-")[1];
  return (
    <NarrowPage title="Something went wrong" lead="The failure is on our side, and it is recorded.">
      <div>
        <a href={safePath(await currentPath())} className={buttonStyle()}>
          Try again
        </a>
      </div>
      <p className="text-sm wrap-anywhere text-muted">
        Reference: {incoming.get("x-request-id")}
        {trace ? <span className="block">Trace: {trace}</span> : null}
      </p>
    </NarrowPage>
  );
}
