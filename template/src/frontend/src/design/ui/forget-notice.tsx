"use client";

import { useEffect } from "react";

/** Removes the notice from the address, so that it is not shown again. */
export function ForgetNotice() {
  useEffect(() => {
    const url = new URL(location.href);
    url.searchParams.delete("notice");
    history.replaceState(null, "", url);
  }, []);
  return null;
}
