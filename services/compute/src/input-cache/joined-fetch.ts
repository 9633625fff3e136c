import { Fault } from "@shoal/core";
import type { FetchRequest } from "../sources/source.ts";
import type { EntryPlace } from "./entry-store.ts";

interface Joiner {
  readonly room: FetchRequest["room"];
  readonly signal: AbortSignal;
  readonly leave: (why: unknown) => void;
  readonly arrived: (place: EntryPlace) => void;
}

type Fill = (to: Pick<FetchRequest, "room" | "signal">) => Promise<EntryPlace>;

/**
 * One fetch for several requests. Each byte counts in the room of each request; one that is aborted or has no room
 * leaves, and the fetch ends when none is left.
 */
export class JoinedFetch {
  readonly #joiners = new Set<Joiner>();
  readonly #end = new AbortController();
  readonly #fill: Fill;
  #takenBytes = 0;
  #isStarted = false;
  readonly #onEnded: () => void;

  /** `onEnded` is called when no request may join any more. */
  constructor(fill: Fill, onEnded: () => void) {
    this.#fill = fill;
    this.#onEnded = onEnded;
  }

  /** Resolves with the content, which the caller releases. Rejects as the fetch does, or with the request's own reason. */
  join({ room, signal }: Pick<FetchRequest, "room" | "signal">): Promise<EntryPlace> {
    const { promise, resolve, reject } = Promise.withResolvers<EntryPlace>();
    const stop = () => joiner.leave(new Fault("STOPPED", "fetching an input was aborted"));
    const over = () => {
      signal.removeEventListener("abort", stop);
      this.#joiners.delete(joiner);
    };
    const joiner: Joiner = {
      ...{ room, signal },
      leave: (why) => {
        over();
        reject(why);
        if (this.#joiners.size > 0) return;
        this.#onEnded();
        this.#end.abort();
      },
      arrived: (place) => {
        over();
        resolve(place);
      },
    };
    this.#joiners.add(joiner);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    else this.#take(joiner, this.#takenBytes);
    if (!this.#isStarted) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isStarted = true;
    const room = { take: (bytes: number) => this.#takeAll(bytes) };
    try {
      const place = await this.#fill({ room, signal: this.#end.signal });
      this.#onEnded();
      // One more than there are requests: the content must not disappear between two of them.
      for (const joiner of [...this.#joiners]) {
        place.retain();
        joiner.arrived(place);
      }
      place.release();
    } catch (failure) {
      this.#onEnded();
      for (const joiner of [...this.#joiners]) joiner.leave(failure);
    }
  }

  #takeAll(bytes: number): void {
    this.#takenBytes += bytes;
    for (const joiner of [...this.#joiners]) this.#take(joiner, bytes);
    if (this.#end.signal.aborted) throw new Fault("STOPPED", "no execution waits for the input any more");
  }

  #take(joiner: Joiner, bytes: number): void {
    try {
      joiner.room.take(bytes);
    } catch (failure) {
      joiner.leave(failure);
    }
  }
}
