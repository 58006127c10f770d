import Link from "next/link";
import type { ComponentProps } from "react";
import { buttonStyle, type Variant } from "./button-style";

interface ButtonLinkProps extends ComponentProps<typeof Link> {
  variant?: Variant;
}

export function ButtonLink({ variant, className, ...rest }: ButtonLinkProps) {
  return <Link className={buttonStyle(variant, className)} prefetch={false} {...rest} />;
}
