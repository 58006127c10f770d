const START = "/projects";

/** The path of this site that a request asks to go to; another site's, or none, is replaced by the start page. */
export function safePath(to: unknown): string {
  const base = "http://site.invalid";
  if (typeof to !== "string" || !to.startsWith("/") || !URL.canParse(to, base)) return START;
  const url = new URL(to, base);
  // Two slashes at the start, as in the path of /.//host, would be the address of a host.
  return url.origin === base ? `${url.pathname.replace(/^\/+/, "/")}${url.search}` : START;
}
