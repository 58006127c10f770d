import { CloudOff } from "lucide-react";
import { TextLink } from "@/design/ui/text-link";
import { Refresh } from "@/design/ui/refresh";
import { NarrowPage } from "@/design/ui/layout";
import { safePath } from "@/server/paths";
import { currentPath } from "@/server/session";

/** In place of a page while the gateway is away; it is replaced by the page as soon as that works. */
export async function Unavailable({ to }: { to?: string | undefined }) {
  const path = safePath(to ?? (await currentPath()));
  return (
    <NarrowPage
      title="The service is unavailable"
      lead="We cannot reach it at the moment. This page tries again every few seconds, and nothing is lost."
    >
      <p className="flex items-center gap-3 text-sm text-muted">
        <CloudOff aria-hidden="true" className="size-5 shrink-0" />
        <span>
          You can also <TextLink href={path}>try again now</TextLink>.
        </span>
      </p>
      <Refresh seconds={3} {...(to ? { to: path } : {})} />
    </NarrowPage>
  );
}
