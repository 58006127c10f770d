import "@/design/tokens.css";
import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { env } from "@/env";
import { chosenTheme } from "@/server/theme";

export async function generateMetadata(): Promise<Metadata> {
  await connection();
  const name = env().APP_NAME;
  return { title: { default: name, template: `%s · ${name}` } };
}

export const viewport: Viewport = { colorScheme: "light dark" };

/** Every page is rendered for its request: one from the build has no nonce, and its scripts would be refused. */
export default async function RootLayout({ children }: Readonly<{ children: ReactNode }>) {
  await connection();
  const theme = await chosenTheme();
  return (
    <html lang="en" data-theme={theme}>
      <body className="flex min-h-dvh flex-col">{children}</body>
    </html>
  );
}
