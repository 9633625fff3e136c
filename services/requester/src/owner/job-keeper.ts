import { type Clock, isOver, type Job, liveExecutions, needsOf } from "@shoal/core";
import type { Membership } from "../nodes/membership.ts";
import type { Auctioneer } from "./auctioneer.ts";
import type { JobDesk } from "./job-desk.ts";

export interface JobKeeperOptions {
  readonly clock: Clock;
  readonly membership: Pick<Membership, "isGone">;
  readonly auctioneer: Pick<Auctioneer, "look" | "forget">;
}

const ignore = () => undefined; // A desk that closes hands its job to the next owner, who looks again.

/** Does what a job needs, looking at its state alone: a missed wake-up is repaired by the next look. */
export class JobKeeper {
  readonly #options: JobKeeperOptions;
  /** The one alarm of each job: when time alone will change what it needs. */
  readonly #alarms = new Map<string, { readonly at: number; readonly cancel: () => void }>();

  constructor(options: JobKeeperOptions) {
    this.#options = options;
  }

  look(desk: JobDesk): void {
    const job = desk.state();
    if (job === undefined || !desk.isOpen()) return;
    if (isOver(job)) {
      this.forget(desk.ref.id);
      return;
    }
    const { partitions, lookAt, due } = needsOf(job, this.#options.clock.now());
    this.#giveUpLost(desk, job);
    if (due) desk.command({ name: "Tick" }).catch(ignore);
    else if (partitions.length > 0) this.#options.auctioneer.look(desk, partitions);
    this.#arm(desk, due ? undefined : lookAt);
  }

  forget(jobId: string): void {
    this.#alarms.get(jobId)?.cancel();
    this.#alarms.delete(jobId);
    this.#options.auctioneer.forget(jobId);
  }

  /** Gives up what runs on nodes that the log says are gone. */
  #giveUpLost(desk: JobDesk, job: Job): void {
    const holders = new Set(liveExecutions(job).map(({ placement }) => placement.nodeId));
    for (const nodeId of holders) {
      if (this.#options.membership.isGone(nodeId))
        desk.command({ name: "LoseNode", nodeId, why: "node has disappeared" }).catch(ignore);
    }
  }

  #arm(desk: JobDesk, at: number | undefined): void {
    const { id } = desk.ref;
    const armed = this.#alarms.get(id);
    if (armed?.at === at) return;
    armed?.cancel();
    this.#alarms.delete(id);
    if (at === undefined) return;
    const cancel = this.#options.clock.at(at, () => {
      this.#alarms.delete(id);
      this.look(desk);
    });
    this.#alarms.set(id, { at, cancel });
  }
}
