"use client";

import { Button } from "@/design/ui/button";
import { NarrowPage } from "@/design/ui/layout";

interface ErrorProps {
  error: Error & { digest?: string };
  retry: () => void;
}

/** In place of a page that failed. The logs of this server have the reference. */
export default function ErrorPage({ error, retry }: ErrorProps) {
  return (
    <NarrowPage title="Something went wrong" lead="The failure is on our side, and it is recorded.">
      <div>
        <Button type="button" onClick={retry}>
          Try again
        </Button>
      </div>
      {error.digest ? <p className="text-sm text-muted">Reference: {error.digest}</p> : null}
    </NarrowPage>
  );
}
