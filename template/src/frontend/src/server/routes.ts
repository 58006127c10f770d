import { ROUTES } from "@/env";

/** Of all other paths. */
export const UNMATCHED = "unmatched";

const known = ROUTES.map((route) => ({ route, pattern: pattern(route) }));

/** The route of a URL, such as `/projects/[id]`: metrics and spans have no paths, of which there is no end. */
export function routeOf(url: string): string {
  const path = url.replace(/[?#].*/s, "");
  return known.find((each) => each.pattern.test(path))?.route ?? UNMATCHED;
}

function pattern(route: string): RegExp {
  const parts = route.split(/(\[.+?\])/).map((part) => {
    if (part.startsWith("[...")) return ".+";
    return part.startsWith("[") ? "[^/]+" : part.replace(/[.*+?^${}()|\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
