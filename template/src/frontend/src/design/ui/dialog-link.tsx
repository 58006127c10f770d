"use client";

import { lazy, type MouseEvent, type ReactNode, Suspense, useCallback, useRef, useState } from "react";
import { ButtonLink } from "./button-link";
import type { Variant } from "./button-style";

// Most visits open no dialog.
const Dialog = lazy(() => import("./dialog"));

interface DialogLinkProps {
  /** The page with the same form, for browsers without JavaScript and for new tabs. */
  href: string;
  label: ReactNode;
  variant?: Variant;
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}

/** A link to a page with a form, which opens the form in a dialog instead. */
export function DialogLink({ href, label, variant, title, lead, children }: DialogLinkProps) {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLAnchorElement>(null);
  const close = useCallback(() => {
    setOpen(false);
  }, []);
  function open(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setOpen(true);
  }
  return (
    <>
      <ButtonLink ref={opener} href={href} variant={variant ?? "primary"} onClick={open} aria-haspopup="dialog">
        {label}
      </ButtonLink>
      {isOpen ? (
        <Suspense>
          <Dialog title={title} lead={lead} opener={opener} close={close}>
            {children}
          </Dialog>
        </Suspense>
      ) : null}
    </>
  );
}
