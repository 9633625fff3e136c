/** The health of a service, for the process that supervises it. */
export interface ServiceHealth {
  /** False when only a restart helps. */
  readonly alive: boolean;
  /** What is wrong, in one line. */
  readonly summary: string;
}
