/** Statuses that the server sends in place of data. */
export const status = {
  /** Nothing is stored there. */
  noMessage: 404,
  /** Nobody listens on the subject: a stream without a leader does not. */
  noResponders: 503,
} as const;

/** From here on the fault is the server's and not that of what was sent. */
export const serverFault = 500;
