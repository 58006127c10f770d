import type { Metadata } from "next";
import { buttonStyle } from "@/design/ui/button-style";
import { NarrowPage } from "@/design/ui/layout";
import { HOME } from "./brand";
import { PublicFrame } from "./public-frame";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <PublicFrame>
      <NarrowPage title="Page not found" lead="It may have been deleted, or you may not be a member of its project.">
        <div>
          <a href={HOME} className={buttonStyle()}>
            Go to your projects
          </a>
        </div>
      </NarrowPage>
    </PublicFrame>
  );
}
