import { type Clock, type EventLog, Fault, foldJob, type Positions, within } from "@shoal/core";
import { buckets, executionMachine, shardCount } from "@shoal/proto";
import type { Catalog } from "../catalog/catalog.ts";

/** Ensures that a list is not older than what its client has seen. `docs/notes/reads.md` has the rule and its proof. */
export interface PositionGate {
  /**
   * Resolves once the catalog has every commit up to this position, and to the acknowledged ones. Throws Fault POSITION_AHEAD, POSITION_NOT_REACHED,
   * LOG_UNREACHABLE.
   */
  reach(position: number): Promise<void>;
  /** This requester has answered a client with the position of a commit: every later `reach` includes it. */
  acknowledged(position: number): void;
}

export interface PositionGateParts {
  readonly log: Pick<EventLog, "range" | "load" | "lastSeq">;
  readonly positions: Pick<Positions, "load">;
  readonly catalog: Pick<Catalog, "caughtUp" | "folded" | "seqOf">;
  readonly clock: Clock;
}

/** The limits of a wait for a position. */
export const positionLimits = {
  /** How long a read waits: several times the duration of a takeover, and well below the 30 s of a handler. */
  waitMs: 5_000,
  /**
   * A gap of more commits is first narrowed by the owners' positions, which cost one request for each shard. Reading
   * this number of commits takes some 20 ms.
   */
  nearCommits: 1_000,
  /** Commits that one round reads from a shard, so that no round continues long after its readers have given up. */
  roundCommits: 20_000,
  /** Jobs that are folded concurrently: enough to hide the round trips. */
  foldedAtOnce: 32,
} as const;

const shards = Array.from({ length: shardCount }, (_, shard) => shard);

export const createPositionGate = (parts: PositionGateParts): PositionGate => new CatalogPositions(parts);

/** The position up to which the catalog follows the log, by shard, and the rounds of reading that advance it. */
class CatalogPositions implements PositionGate {
  readonly #parts: PositionGateParts;
  /** For each shard: the catalog has every commit about its jobs up to here. */
  readonly #covered = shards.map(() => 0);
  /** A position that the log has reached. */
  #head = 0;
  /** The greatest position that a read has requested. */
  #target = 0;
  #round: Promise<void> | undefined;
  /** The greatest position of a command that this requester has answered. */
  #acknowledged = 0;

  constructor(parts: PositionGateParts) {
    this.#parts = parts;
  }

  acknowledged(position: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, position);
  }

  async reach(named: number): Promise<void> {
    const position = Math.max(named, this.#acknowledged);
    if (this.#coveredUpTo() >= position) return;
    const { clock } = this.#parts;
    const expired = new AbortController();
    const limitMs = positionLimits.waitMs;
    const late = () => {
      const why = `its lists have reached ${this.#coveredUpTo()} of ${position} after ${limitMs} ms`;
      return new Fault("POSITION_NOT_REACHED", why);
    };
    const advanced = this.#advanceTo(position, expired.signal);
    await within(advanced, { clock, limitMs, late }).finally(() => expired.abort());
  }

  async #advanceTo(position: number, expired: AbortSignal): Promise<void> {
    await this.#mustExist(position);
    this.#target = Math.max(this.#target, position);
    while (this.#coveredUpTo() < position && !expired.aborted) {
      this.#round ??= this.#nextRound().finally(() => {
        this.#round = undefined;
      });
      await this.#round;
    }
  }

  async #mustExist(position: number): Promise<void> {
    if (position <= this.#head) return;
    this.#head = Math.max(this.#head, await this.#parts.log.lastSeq());
    if (position > this.#head)
      throw new Fault("POSITION_AHEAD", `expected a position of at most ${this.#head}, got ${position}`);
  }

  async #nextRound(): Promise<void> {
    if (this.#target - this.#coveredUpTo() > positionLimits.nearCommits) await this.#narrow();
    // After a first round all shards are at one position, and one range is read for all of them.
    const places = new Set(this.#covered);
    if (places.size === 1) return this.#read(undefined, this.#coveredUpTo());
    await Promise.all(this.#covered.map((afterSeq, shard) => this.#read(shard, afterSeq)));
  }

  /**
   * Once its watch has caught up, the catalog has what the owners have written into the bucket up to their positions.
   */
  async #narrow(): Promise<void> {
    const { positions, catalog } = this.#parts;
    const saved = await Promise.all(shards.map((shard) => positions.load(buckets.jobs, shard)));
    await catalog.caughtUp();
    for (const [shard, position] of saved.entries()) this.#cover(shard, position?.eventsSeq ?? 0);
  }

  /** Reads the log after a position, of one shard or of all, and updates the jobs that changed. */
  async #read(shard: number | undefined, afterSeq: number): Promise<void> {
    const { log, catalog } = this.#parts;
    const upTo = this.#target;
    if (upTo <= afterSeq) return;
    const range = { ...(shard === undefined ? {} : { shard }), afterSeq, upTo, most: positionLimits.roundCommits };
    const changed = new Map<string, number>();
    const reached = await log.range(range, ({ aggregate, seq, commit }) => {
      if (commit.events.some(({ type }) => changesHeader(type))) changed.set(aggregate.id, seq);
    });
    const behind = [...changed].filter(([id, seq]) => catalog.seqOf(id) < seq).map(([id]) => id);
    for (let first = 0; first < behind.length; first += positionLimits.foldedAtOnce)
      await Promise.all(behind.slice(first, first + positionLimits.foldedAtOnce).map((id) => this.#fold(id)));
    for (const each of shard === undefined ? shards : [shard]) this.#cover(each, reached);
  }

  async #fold(id: string): Promise<void> {
    const stored = await this.#parts.log.load({ kind: "job", namespace: "*", id });
    const job = foldJob(stored);
    if (job !== undefined) this.#parts.catalog.folded(job);
  }

  #cover(shard: number, upTo: number): void {
    this.#covered[shard] = Math.max(this.#covered[shard] ?? 0, upTo);
  }

  #coveredUpTo(): number {
    return Math.min(...this.#covered);
  }
}

/** Whether an event changes what a list shows of a job; events of executions do not. */
const changesHeader = (type: string): boolean => !executionMachine.moves.has(type);
