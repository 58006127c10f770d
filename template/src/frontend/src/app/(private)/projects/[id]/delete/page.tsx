import type { Metadata } from "next";
import { DeleteForm } from "@/features/projects/forms";
import { DELETION } from "@/features/projects/texts";
import { formPage } from "../form-page";

export const metadata: Metadata = { title: "Delete project" };

export default formPage({
  title: "Delete project",
  heading: ({ name }) => `Delete ${name}?`,
  lead: DELETION,
  form: (project, cancel) => <DeleteForm project={project} cancel={cancel} />,
});
