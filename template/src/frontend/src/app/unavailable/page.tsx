import type { Metadata } from "next";
import { safePath } from "@/server/paths";
import { PublicFrame } from "../public-frame";
import { Unavailable } from "../unavailable-page";

export const metadata: Metadata = { title: "Unavailable" };

/** Where a session cannot be asked about while the gateway is away; it goes back to where the user was. */
export default async function UnavailablePage({ searchParams }: PageProps<"/unavailable">) {
  const { to } = await searchParams;
  return (
    <PublicFrame>
      <Unavailable to={safePath(to)} />
    </PublicFrame>
  );
}
