import {
  type CommandBus,
  type CommandEnvelope,
  type CommandReply,
  type EventLog,
  Fault,
  type Kinds,
  type StoredCommit,
  within,
} from "@shoal/core";
import { shardOf } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";
import { AggregateActor } from "./aggregate/aggregate-actor.ts";
import type { FeatureGate } from "./aggregate/feature-gate.ts";
import { refusalOf } from "./shard/serve-commands.ts";

/** Sends commands to aggregates, wherever they are owned: the only path from a client or an effect into the log. */
export interface Dispatcher {
  /**
   * Sends a command to an existing aggregate; its namespace may be `*`. The local owner decides it, else a remote
   * owner, else this process without a lease. Commands with the same id are decided once. Throws the log's Faults.
   */
  send(envelope: CommandEnvelope): Promise<CommandReply>;
  /** Sends the command that creates an aggregate. It is never routed: the log accepts only one first commit. */
  create(envelope: CommandEnvelope): Promise<Creation>;
}

/** Result of a creation. */
export interface Creation {
  readonly reply: CommandReply;
  /** The first commit, when this command had created the aggregate before. */
  readonly existing: StoredCommit | undefined;
}

export interface DispatcherOptions {
  readonly ports: Pick<RequesterPorts, "log" | "clock" | "random" | "commands">;
  readonly kinds: Kinds;
  readonly by: string;
  readonly features?: FeatureGate;
  /** Decides the command here; undefined when this requester does not own the shard. */
  readonly local: (envelope: CommandEnvelope) => Promise<CommandReply> | undefined;
  /** Called with each commit that was appended without a lease, and the state after it. */
  readonly onAppended: (stored: StoredCommit, state: unknown) => void;
}

// HOUSE: an owner that has not answered by then counts as gone; the expected sequence prevents a decision by both.
const ownerWaitMs = 2_000;
// As long as a client waits for a response: the local owner retries for longer while the log is unavailable.
const localWaitMs = 20_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { ports, kinds, by } = options;
  const { log, clock, commands } = ports;

  /** Without a lease: load, decide, append. */
  function newActor({ aggregate }: CommandEnvelope, onAppended = options.onAppended) {
    return new AggregateActor({
      ref: aggregate,
      kind: kinds.get(aggregate.kind),
      ...ports,
      by,
      ...(options.features === undefined ? {} : { features: options.features }),
      epoch: 0,
      isOwner: false,
      onCommit: ({ after, stored, isOwn }) => {
        if (isOwn) onAppended(stored, after);
      },
    });
  }
  return {
    async send(envelope) {
      const refused = refusalOf(envelope, kinds.get(envelope.aggregate.kind));
      if (refused !== undefined) return { ok: false, rejection: refused };
      const local = options.local(envelope);
      if (local !== undefined) return await within(local, { clock, limitMs: localWaitMs, late: localIsLate });
      const routed = await route(commands, envelope);
      // An owner of an older release may not be able to read what this release writes.
      if (routed !== undefined && (routed.ok || routed.rejection.code !== "LOG_NEWER")) return routed;
      // Before the read, which a later release may have made impossible here.
      options.features?.demandSupport();
      const actor = newActor(envelope);
      await actor.refresh();
      return await actor.command(envelope);
    },
    async create(envelope) {
      let isNew = false;
      const actor = newActor(envelope, (stored, state) => {
        isNew = true;
        options.onAppended(stored, state);
      });
      const reply = await actor.command(envelope);
      const existing = isNew ? undefined : await firstBy(log, envelope);
      return { reply: existing === undefined ? reply : { ok: true, seq: existing.seq, changed: true }, existing };
    },
  };
}

function route(commands: CommandBus, envelope: CommandEnvelope): Promise<CommandReply | undefined> {
  return commands.send(shardOf(envelope.aggregate.id), envelope, ownerWaitMs);
}

/** The aggregate's first commit when this command created it. */
async function firstBy(log: EventLog, { aggregate, id }: CommandEnvelope): Promise<StoredCommit | undefined> {
  const [first] = await log.load(aggregate);
  return first?.commit.cause.id === id ? first : undefined;
}

const localIsLate = () =>
  new Fault("LOG_UNREACHABLE", `the log did not answer in ${localWaitMs} ms; the command may still be decided`);
