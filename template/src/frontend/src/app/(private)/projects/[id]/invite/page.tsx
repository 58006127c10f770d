import type { Metadata } from "next";
import { InviteForm } from "@/features/members/invite-form";
import { INVITATION } from "@/features/members/texts";
import { formPage } from "../form-page";

export const metadata: Metadata = { title: "Invite a person" };

export default formPage({
  title: "Invite a person",
  lead: INVITATION,
  form: (project, cancel) => <InviteForm project={project.id} cancel={cancel} />,
});
