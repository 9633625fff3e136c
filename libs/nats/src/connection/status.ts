/** Status codes that the server sends without data. */
export const status = {
  /** No message is stored on the subject. */
  noMessage: 404,
  /** No subscriber listens on the subject, as when a stream has no leader. */
  noResponders: 503,
} as const;

/** Codes from here on are errors of the server, not of the request. */
export const serverFault = 500;
