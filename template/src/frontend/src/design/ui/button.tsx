"use client";

import type { ComponentProps } from "react";
import { buttonStyle, type Variant } from "./button-style";

interface ButtonProps extends ComponentProps<"button"> {
  variant?: Variant;
  /** Shows that the action runs; the button keeps the focus, but does nothing. */
  pending?: boolean;
}

export function Button({ variant, pending = false, className, children, type = "submit", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      aria-disabled={pending || undefined}
      className={buttonStyle(variant, className)}
      {...rest}
      {...(pending ? { onClick: ignore } : {})}
    >
      {pending ? <Spinner /> : null}
      {children}
    </button>
  );
}

function ignore(event: { preventDefault: () => void }) {
  event.preventDefault();
}

/** Decoration beside a text that names what is pending. */
export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-4 animate-spin rounded-full border-2 border-current border-r-transparent opacity-80"
    />
  );
}
