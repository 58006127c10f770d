import { Alert } from "./alert";
import { ForgetNotice } from "./forget-notice";

const TEXTS = {
  "account-deleted": "Your account is deleted.",
  "email-changed": "Your email address is changed.",
  "email-sent": "Open the link that we have sent to your new address. Until then, the old one remains.",
  declined: "You have declined the invitation.",
  "invitation-sent": "The invitation is sent.",
  joined: "You are a member of this project now.",
  left: "You have left the project.",
  "name-changed": "Your name is changed.",
  "password-changed": "Your password is changed, and your other sessions have ended.",
  "password-reset": "Your password is changed. Sign in with it.",
  "project-changed": "The project is changed.",
  "project-created": "The project is created. You are its owner.",
  "project-deleted": "The project is deleted.",
  ended: "Your session has ended. Sign in again.",
  welcome: "Your account is ready.",
};

/** What has just been done: the parameter `notice` of the page, which is then removed from the address. */
export function Notice({ name }: { name: unknown }) {
  const text = typeof name === "string" && name in TEXTS ? TEXTS[name as keyof typeof TEXTS] : undefined;
  if (!text) return null;
  return (
    <Alert tone={name === "ended" ? "info" : "success"}>
      {text}
      <ForgetNotice />
    </Alert>
  );
}
