import type { Job, JobCommand, Rejection } from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";

/** An aggregate whose slots need nodes. */
export interface Placeable {
  readonly ref: AggregateRef;
  state(): Job | undefined;
  /** This process still decides about it. */
  isOpen(): boolean;
  /** Resolves once the command is decided and stored; rejects with a Fault when it cannot be. */
  command(
    command: JobCommand,
  ): Promise<{ readonly ok: true; readonly changed: boolean } | { readonly ok: false; readonly rejection: Rejection }>;
}
