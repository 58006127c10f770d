import type { Metadata } from "next";
import { ButtonLink } from "@/design/ui/button";
import { NarrowPage } from "@/design/ui/layout";
import { PublicFrame } from "./public-frame";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <PublicFrame>
      <NarrowPage title="Page not found" lead="It may have been deleted, or you may not be a member of its project.">
        <div>
          <ButtonLink href="/projects">Go to your projects</ButtonLink>
        </div>
      </NarrowPage>
    </PublicFrame>
  );
}
