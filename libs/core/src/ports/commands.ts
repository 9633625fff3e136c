import type { Actor, AggregateRef } from "@shoal/proto";
import type { Rejection } from "../decider.ts";
import type { NamedCommand } from "../kind.ts";

/** A command with its address. The same id is decided once. */
export interface CommandEnvelope<C extends NamedCommand = NamedCommand> {
  readonly id: string;
  readonly aggregate: AggregateRef;
  readonly command: C;
  readonly actor: Actor;
}

/** The result of a command: the position of the aggregate's last commit, or why nothing was decided. */
export type CommandReply =
  | { readonly ok: true; readonly seq: number; readonly changed: boolean }
  | { readonly ok: false; readonly rejection: Rejection };

/**
 * Commands between requesters. A command or its answer may be lost, and several requesters may receive a command for their shard: the
 * sender appends by itself when no answer comes, and the command's id makes it one decision.
 */
export interface CommandBus {
  /**
   * Sends a command to the owner of a shard. Undefined when no answer came in `waitMs`, when no requester serves the shard, or when
   * the command is too large to be sent. Never rejects.
   */
  send(shard: number, envelope: CommandEnvelope, waitMs: number): Promise<CommandReply | undefined>;
  /**
   * Answers the commands for a shard until closed. A handler that rejects sends no answer. The envelope is checked and the aggregate is
   * of this shard; of the command only the name is checked: its kind's `accepts` has the schema for the rest.
   */
  serve(
    shard: number,
    handle: (envelope: CommandEnvelope) => Promise<CommandReply>,
  ): Promise<{ close(): Promise<void> }>;
}
