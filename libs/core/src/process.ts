/** A part of a service that runs until it is stopped. */
export interface Process {
  readonly name: string;
  start(): Promise<void>;
  /** Called once, also when `start` failed half-way. */
  stop(): Promise<void>;
}

/** Starts in order and, once `quit` resolves, stops in reverse, even when a start or a stop fails. */
export async function runUntil(quit: Promise<void>, processes: readonly Process[]): Promise<void> {
  const started: Process[] = [];
  const failures: unknown[] = [];
  try {
    for (const process of processes) {
      started.push(process); // Before the await: a part that failed to start is stopped too.
      await process.start();
    }
    await quit;
  } catch (failure) {
    failures.push(failure);
  }
  for (const process of started.reverse()) {
    await process.stop().catch((failure: unknown) => failures.push(failure));
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, "parts of the service failed");
}
