import type { PublishOutcome } from "./publish-outcome.ts";

/** How writes to one place went: `shoal.evt` for the log, `$KV.jobs` for a bucket. */
export interface PlaceRecord {
  readonly place: string;
  /** When the server last stored a message there, milliseconds since the epoch; undefined when it never did. */
  readonly storedAt: number | undefined;
  /** Since when messages there are not stored; undefined when the last one was. */
  readonly failingSince: number | undefined;
  /** When one was last not stored; 0 when all were. */
  readonly failedAt: number;
  /** The last reason. */
  readonly why: string;
  /** The server said that it has no room. */
  readonly isFull: boolean;
}

/** What became of messages for streams, by place. */
export interface WriteRecord {
  note(subject: string, outcome: PublishOutcome): void;
  places(): readonly PlaceRecord[];
}

// Far more than there are places: subjects that a hostile message could make up are not written to.
const placesMax = 64;

/** An empty record. `now` is milliseconds since the epoch. */
export function createWriteRecord(now: () => number): WriteRecord {
  const places = new Map<string, { -readonly [key in keyof PlaceRecord]: PlaceRecord[key] }>();
  return {
    note(subject, outcome) {
      // A conflict or a refusal is an answer, and says nothing about the disk; what was not sent says nothing at all.
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
