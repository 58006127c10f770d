"use client";

/** In place of everything when the layout itself failed. Every page loads this: it is small. */
export default function GlobalError({ retry }: { retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong</title>
        <h1>Something went wrong</h1>
        <button type="button" onClick={retry}>
          Try again
        </button>
      </body>
    </html>
  );
}
