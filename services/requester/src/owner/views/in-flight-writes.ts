import { type Change, changes, openChange } from "@shoal/core";
import { subjectOf } from "@shoal/proto";
import type { Move } from "../aggregate/actor-options.ts";
import type { AnyActor } from "../aggregate/actors.ts";
import type { Projector } from "./projector.ts";

export interface InFlightOptions {
  readonly projector: Pick<Projector, "apply">;
  /** The position up to which all views are written. */
  readonly projectedSeq: () => number;
  /** All writes of an aggregate are stored. */
  readonly onStored: (actor: AnyActor) => void;
}

/** The writes of each aggregate's views, until they are stored. */
export class InFlightWrites {
  readonly #options: InFlightOptions;
  /** The last write, by subject. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: InFlightOptions) {
    this.#options = options;
  }

  /** Resolves when the write in progress is stored; undefined when there is none. */
  of(subject: string): Promise<void> | undefined {
    return this.#last.get(subject);
  }

  /** Writes what a folded commit changes in the views. */
  project(actor: AnyActor, { before, after, stored }: Move<unknown>): void {
    const { kind, ref: aggregate } = actor;
    const { seq } = stored;
    const { projector, projectedSeq } = this.#options;
    const made = kind.views.flatMap((view) => changes(view, before, { after, seq }));
    const open = openChange(kind, { aggregate, before, after, seq });
    // Once the positions have passed it, only the entry in `open` leads the next owner here: it is removed last.
    const isPassed = open !== undefined && seq <= projectedSeq();
    this.#add(actor, projector.apply(isPassed || open === undefined ? made : [...made, open]));
    if (isPassed) this.#add(actor, this.writeLast(open, subjectOf(aggregate)));
  }

  /**
   * Writes an entry of `open` after all other writes of its aggregate: as long as the entry exists, the next owner
   * projects again what could not be read.
   */
  async writeLast(change: Change, subject: string): Promise<void> {
    await this.#last.get(subject);
    await this.#options.projector.apply([change]);
  }

  #add(actor: AnyActor, write: Promise<void>): void {
    const subject = subjectOf(actor.ref);
    const last: Promise<void> = Promise.all([this.#last.get(subject), write]).then(() => {
      if (this.#last.get(subject) !== last) return;
      this.#last.delete(subject);
      this.#options.onStored(actor);
    });
    this.#last.set(subject, last);
  }
}
