import { ROLE_NAMES } from "@/api/roles";

/** The options of a choice of roles. */
export const ROLES = Object.entries(ROLE_NAMES) as [keyof typeof ROLE_NAMES, string][];

export const ROLES_HINT = "Viewers read, editors also change, owners also delete and manage members.";
