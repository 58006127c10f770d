import type { Metadata } from "next";
import { EditForm } from "@/features/projects/forms";
import { formPage } from "../form-page";

export const metadata: Metadata = { title: "Edit project" };

export default formPage({
  title: "Edit project",
  form: (project, cancel) => <EditForm project={project} cancel={cancel} />,
});
