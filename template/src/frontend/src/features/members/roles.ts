/** Roles and what they allow, for people. */
export const ROLES = [
  ["viewer", "Viewer"],
  ["editor", "Editor"],
  ["owner", "Owner"],
] as const;

export const ROLES_HINT = "Viewers read, editors also change, owners also delete and manage members.";
