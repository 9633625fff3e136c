import { type Checkpoint, causeOf } from "@shoal/core";
import type { RequesterPorts } from "../ports.ts";
import { createWatermark, type Watermark } from "./watermark.ts";

export interface ProgressOptions {
  readonly ports: Pick<RequesterPorts, "checkpoints" | "clock" | "diary">;
  readonly shard: number;
  /** How often at most it is saved, milliseconds. */
  readonly everyMs: number;
}

/** How far a shard has come, and the place where it says so. Saved late on purpose: doing some work again is harmless. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly events: Watermark;
  readonly reports: Watermark;
  #saved: Checkpoint;
  #cancel: (() => void) | undefined;

  constructor(options: ProgressOptions, from: Checkpoint) {
    this.#options = options;
    this.#saved = from;
    this.events = createWatermark(from.eventsSeq);
    this.reports = createWatermark(from.reportsSeq);
  }

  /** Something was taken up: save soon. */
  moved(): void {
    const { clock } = this.#options.ports;
    this.#cancel ??= clock.at(clock.now() + this.#options.everyMs, () => {
      this.#cancel = undefined;
      void this.#save();
    });
  }

  /** Saves once more and then never again. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = () => undefined;
    await this.#save();
  }

  async #save(): Promise<void> {
    const { ports, shard } = this.#options;
    const reached = { eventsSeq: this.events.done(), reportsSeq: this.reports.done() };
    if (reached.eventsSeq <= this.#saved.eventsSeq && reached.reportsSeq <= this.#saved.reportsSeq) return;
    try {
      await ports.checkpoints.save(shard, reached);
      this.#saved = reached;
    } catch (failure) {
      ports.diary.warn(
        { shard, ...causeOf(failure) },
        "a checkpoint could not be saved; the next one will say the same",
      );
    }
  }
}
