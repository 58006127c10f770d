const START = "/projects";

/** The path of this site that a request asks to go to; another site's, or none, is replaced by the start page. */
export function safePath(to: unknown): string {
  const base = "http://site.invalid";
  if (typeof to !== "string" || !to.startsWith("/") || !URL.canParse(to, base)) return START;
  const url = new URL(to, base);
  return url.origin === base ? `${url.pathname}${url.search}` : START;
}
