import type { ReactNode } from "react";
import { Brand } from "./brand";

/** The frame of pages for everybody. */
export function PublicFrame({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="mx-auto flex w-full max-w-page items-center px-4 py-3 sm:px-6">
        <Brand />
      </header>
      {children}
    </>
  );
}
