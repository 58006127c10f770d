import type { Role } from "@/api/generated/api";

/** The roles for people, from the least. */
export const ROLE_NAMES: Record<Role, string> = { viewer: "Viewer", editor: "Editor", owner: "Owner" };
