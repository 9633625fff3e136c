import {
  assert,
  backoffMs,
  type Change,
  type Clock,
  causeOf,
  entryOf,
  type Logger,
  pause,
  type ViewStore,
} from "@shoal/core";
import { unreachableBackoff } from "../aggregate/until-reachable.ts";
import { WriteCoalescer } from "./write-coalescer.ts";

export interface ProjectorPorts {
  /** One store for each bucket, by its name. */
  readonly views: Readonly<Record<string, ViewStore>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Awaited before each attempt to write to a bucket; a rejection counts as a failed attempt. */
  beforeWrite(bucket: string): Promise<void> | undefined;
}

// A refused write is retried as long as the shard is owned; an operator frees storage within minutes.
const refusedBackoff = { ...unreachableBackoff, maxMs: 30_000 } as const;

/** Projects the aggregates into the buckets: every write is retried until it is stored or the projector is closed. */
export class Projector {
  readonly #ports: ProjectorPorts;
  readonly #closed = new AbortController();
  readonly #coalescer: WriteCoalescer;

  constructor(ports: ProjectorPorts) {
    this.#ports = ports;
    this.#coalescer = new WriteCoalescer(ports.clock, (change) => this.#write(change));
  }

  /** Writes changes; resolves when all are stored. Never resolves once closed; rejects for an unknown bucket only. */
  async apply(all: readonly Change[]): Promise<void> {
    await Promise.all(all.map((change) => (change.urgent ? this.#write(change) : this.#coalescer.put(change))));
  }

  /** Writes coalesced changes at once; resolves when they are stored. */
  flush(): Promise<void> {
    return this.#coalescer.flush();
  }

  close(): void {
    this.#closed.abort();
    this.#coalescer.close();
  }

  async #write({ bucket, key, seq, value }: Change): Promise<void> {
    const { clock, logger, views, beforeWrite } = this.#ports;
    const store = views[bucket];
    assert(store !== undefined, `the bucket ${bucket} has no store`);
    const { signal } = this.#closed;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await beforeWrite(bucket);
        if (signal.aborted) break;
        return await (value === undefined ? store.remove(key, seq) : store.put(key, entryOf(seq, value)));
      } catch (failure) {
        const isAway = causeOf(failure).code === "LOG_UNREACHABLE";
        if (failures === 0 && !isAway && !signal.aborted)
          logger.warn({ bucket, key, ...causeOf(failure) }, "could not write a view; retrying");
        await pause(clock, backoffMs(isAway ? unreachableBackoff : refusedBackoff, failures + 1), signal);
      }
    }
    // A position must not include what was not written: the next owner writes it.
    await new Promise(() => undefined);
  }
}
