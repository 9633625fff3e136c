import { type AggregateRef, shardOf, subjectOf } from "@shoal/proto";
import { Fault } from "../../fault.ts";
import { type Kinds, kinds } from "../../kinds.ts";
import { paced } from "../../paced.ts";
import type { EventLog, LogFilter, LogReading, StoredCommit } from "../../ports/event-log.ts";
import { faultOf, isCommit } from "../../read-commit.ts";
import { commitsIn, type LogStore, type RawMessage, type RawReader } from "./log-store.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

// How often the port checks for its commit before it reports an unknown outcome.
const attemptsMax = 4;

/** The log port of one process with these kinds. */
export function memoryEventLog(proc: SimulatedProcess, store: LogStore, known: Kinds = kinds): EventLog {
  const read = store.readAs(known);
  return {
    async append(aggregate, after, commit) {
      for (let attempt = 1; ; attempt++) {
        try {
          // A repeated append checks first whether the commit is stored: the store knows the commit by its text.
          return await proc.exchange("log", () =>
            behindReadable({ store, read, aggregate }, () => store.append(aggregate, after, commit)),
          );
        } catch (failure) {
          const open = failure instanceof Fault && failure.code === "LOG_UNREACHABLE";
          if (!open || attempt === attemptsMax) throw failure;
        }
      }
    },
    load: (aggregate, afterSeq = 0) =>
      proc.exchange("load", () => commitsIn(store.messagesOf(aggregate), afterSeq, read)),
    async follow(filter, afterSeq, ...[deliver, reading = {}]) {
      const pushChannel = proc.pushChannel();
      const take = handing(read, deliver, reading);
      const messages = paced((message: RawMessage) => knows(filter, message) || take(message), reading.room);
      const emit = (message: RawMessage): void => {
        if (message.seq > afterSeq && passes(filter, message.aggregate)) pushChannel.push(() => messages.add(message));
      };
      pushChannel.onClosed(() => messages.close());
      await proc.exchange("follow", () => {
        for (const message of store.messages) emit(message);
        store.onStored.add(emit);
        pushChannel.onClosed(() => store.onStored.delete(emit));
      });
      return { close: async () => pushChannel.close() };
    },
    async scan(afterSeq, deliver, reading = {}) {
      const found = await proc.exchange("load", () => store.messages.filter(({ seq }) => seq > afterSeq));
      const messages = paced(handing(read, deliver, reading), reading.room);
      for (const message of found) {
        reading.signal?.throwIfAborted();
        if (reading.shard !== undefined && shardOf(message.aggregate.id) !== reading.shard) continue;
        messages.add(message);
        await messages.room();
      }
      return found.at(-1)?.seq ?? afterSeq;
    },
    async range({ shard, afterSeq, upTo, most }, deliver, reading = {}) {
      const within = ({ aggregate: { kind, id }, seq }: RawMessage): boolean =>
        kind === "job" && seq > afterSeq && seq <= upTo && (shard === undefined || shardOf(id) === shard);
      const found = await proc.exchange("load", () => store.messages.filter(within));
      for (const message of found.slice(0, most)) handing(read, deliver, reading)(message);
      return found.length > most ? (found[most - 1]?.seq ?? afterSeq) : upTo;
    },
    lastSeqOf: (aggregate) => proc.exchange("load", () => store.messagesOf(aggregate).at(-1)?.seq ?? 0),
    aggregatesOf: (kind) =>
      proc.exchange("load", () => {
        const found = store.messages.filter(({ aggregate }) => aggregate.kind === kind);
        return [...new Map(found.map(({ aggregate }) => [subjectOf(aggregate), aggregate])).values()];
      }),
    lastSeq: () => proc.exchange("load", () => store.messages.at(-1)?.seq ?? 0),
  };
}

interface Behind {
  readonly store: LogStore;
  readonly read: RawReader;
  readonly aggregate: AggregateRef;
}

/** A conflict with a message that cannot be read is the Fault of that message. */
function behindReadable<T>({ store, read, aggregate }: Behind, work: () => T): T {
  try {
    return work();
  } catch (failure) {
    const last = store.messagesOf(aggregate).at(-1);
    const found = last === undefined ? undefined : read(last);
    const isConflict = failure instanceof Fault && failure.code === "REVISION_CONFLICT";
    throw isConflict && found !== undefined && !isCommit(found) ? faultOf(found) : failure;
  }
}

/** Delivers a message as a commit or as unreadable. */
function handing(read: RawReader, deliver: (stored: StoredCommit) => void, { unreadable }: LogReading) {
  return (message: RawMessage): void => {
    const found = read(message);
    if (isCommit(found)) deliver(found);
    else unreadable?.(found);
  };
}

const knows = (filter: LogFilter, { seq }: RawMessage): boolean =>
  filter.shard !== undefined && filter.knows?.(seq) === true;

function passes(filter: LogFilter, { kind, namespace, id }: AggregateRef): boolean {
  if (filter.shard !== undefined) return shardOf(id) === filter.shard;
  if (filter.jobId !== undefined && (kind !== "job" || id !== filter.jobId)) return false;
  return filter.namespace === undefined || (kind === "job" && namespace === filter.namespace);
}
