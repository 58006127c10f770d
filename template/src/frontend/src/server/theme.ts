import "server-only";
import { cookies } from "next/headers";

export const THEME_COOKIE = "theme";

/** The theme that the user chose; undefined for that of the system. */
export async function chosenTheme(): Promise<"light" | "dark" | undefined> {
  const theme = (await cookies()).get(THEME_COOKIE)?.value;
  return theme === "light" || theme === "dark" ? theme : undefined;
}
