import type { PublishOutcome } from "./publish-outcome.ts";

/** The outcomes of writes to one place: `shoal.evt` for the log, `$KV.jobs` for a bucket. */
export interface PlaceRecord {
  readonly place: string;
  /** When the server last stored a message there, in milliseconds since the epoch; undefined when it never did. */
  readonly storedAt: number | undefined;
  /** When messages there began to fail; undefined when the last one was stored. */
  readonly failingSince: number | undefined;
  /** When a message last failed; 0 when all were stored. */
  readonly failedAt: number;
  /** The reason of the last failure. */
  readonly why: string;
  /** The server reported that it has no space. */
  readonly isFull: boolean;
}

/** The outcomes of writes to streams, by place. */
export interface WriteRecord {
  note(subject: string, outcome: PublishOutcome): void;
  places(): readonly PlaceRecord[];
}

// Far above the number of places: no write goes to a subject that a hostile message could invent.
const placesMax = 64;

/** An empty record. `now` is milliseconds since the epoch. */
export function createWriteRecord(now: () => number): WriteRecord {
  const places = new Map<string, { -readonly [key in keyof PlaceRecord]: PlaceRecord[key] }>();
  return {
    note(subject, outcome) {
      // A conflict, a refusal and a message that was not sent give no information about the disk.
      if (outcome.state !== "stored" && outcome.state !== "unknown") return;
      const place = placeOf(subject);
      const record = places.get(place) ?? fresh(place);
      if (places.size < placesMax) places.set(place, record);
      if (outcome.state === "stored") {
        record.storedAt = now();
        record.failingSince = undefined;
        record.isFull = false;
        return;
      }
      record.failedAt = now();
      record.failingSince ??= record.failedAt;
      record.why = outcome.why;
      record.isFull = outcome.cause === "full";
    },
    places: () => [...places.values()].map((record) => ({ ...record })),
  };
}

const fresh = (place: string) => ({
  place,
  storedAt: undefined,
  failingSince: undefined,
  failedAt: 0,
  why: "",
  isFull: false,
});

/** The first two tokens of a subject. */
function placeOf(subject: string): string {
  const second = subject.indexOf(".", subject.indexOf(".") + 1);
  return second < 0 ? subject : subject.slice(0, second);
}
