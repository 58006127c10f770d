export const INVITATION =
  "They get a mail with a link, and become a member when they accept. They need no account yet.";
