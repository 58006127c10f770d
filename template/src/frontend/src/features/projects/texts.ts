export const DELETION = "Its members lose access at once. This cannot be undone.";
