"use client";

import "@/design/tokens.css";
import ErrorPage from "./error";

/** In place of everything when the layout itself failed. */
export default function GlobalError(props: { error: Error & { digest?: string }; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong</title>
        <ErrorPage {...props} />
      </body>
    </html>
  );
}
