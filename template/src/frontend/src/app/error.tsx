"use client";

import { buttonStyle } from "@/design/ui/button-style";

interface ErrorProps {
  error: Error & { digest?: string };
  retry: () => void;
}

/** In place of a page that failed. The logs of this server have the reference. Every page loads this: it is small. */
export default function ErrorPage({ error, retry }: ErrorProps) {
  return (
    <main id="content" className="mx-auto grid w-full max-w-form gap-6 px-4 py-16">
      <h1 className="text-2xl font-semibold tracking-tight">Something went wrong</h1>
      <p className="text-muted">The failure is on our side, and it is recorded.</p>
      <button type="button" onClick={retry} className={buttonStyle()}>
        Try again
      </button>
      {error.digest ? <p className="text-sm text-muted">Reference: {error.digest}</p> : null}
    </main>
  );
}
