/** Logs to the operator. Takes the fields of the line first, then its message, as pino does. Never throws. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Logs nothing. For simulations and tests. */
export const silentLogger: Logger = { info: () => undefined, warn: () => undefined };
