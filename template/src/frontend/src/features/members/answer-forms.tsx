import { ButtonForm } from "@/design/ui/button-form";
import { acceptInvitation, declineInvitation } from "./actions";

/** The answers to an invitation; `project` is the name of the project. */
export function AnswerForms({ invitation, project }: { invitation: string; project: string }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <ButtonForm
        action={acceptInvitation.bind(null, invitation)}
        label="Accept"
        variant="primary"
        description={`Accept the invitation to ${project}`}
      />
      <ButtonForm
        action={declineInvitation.bind(null, invitation)}
        label="Decline"
        variant="quiet"
        description={`Decline the invitation to ${project}`}
      />
    </div>
  );
}
