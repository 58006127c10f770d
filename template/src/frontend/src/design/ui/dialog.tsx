"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode, RefObject } from "react";
import { Close } from "./form";

interface DialogProps {
  title: string;
  lead?: ReactNode;
  /** What has the focus after the dialog. */
  opener: RefObject<HTMLElement | null>;
  close: () => void;
  children: ReactNode;
}

/** An open modal dialog; a form in it closes it after its action. */
export default function Dialog({ title, lead, opener, close, children }: DialogProps) {
  return (
    <Base.Root
      open
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 bg-scrim" />
        <Base.Popup
          finalFocus={opener}
          className="fixed inset-x-4 top-4 mx-auto grid max-h-[calc(100dvh-2rem)] max-w-dialog gap-5 overflow-y-auto rounded-lg border border-line bg-raised p-6 shadow-overlay outline-none sm:top-[15dvh]"
        >
          <div className="grid gap-2">
            <Base.Title className="text-lg font-semibold">{title}</Base.Title>
            {lead ? <Base.Description className="text-sm text-muted">{lead}</Base.Description> : null}
          </div>
          <Close value={close}>{children}</Close>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
