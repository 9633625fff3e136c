/** Where a part tells the node's operator what happened. Never throws. */
export interface Notes {
  info(what: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(what: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** Tells nobody. For simulations and tests. */
export const silence: Notes = { info: () => {}, warn: () => {} };
