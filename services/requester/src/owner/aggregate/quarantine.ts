import {
  type Change,
  causeOf,
  Fault,
  isUnreadableCode,
  openKeyOf,
  openValueOf,
  type UnreadableCommit,
} from "@shoal/core";
import { type AggregateRef, buckets, subjectOf } from "@shoal/proto";
import { z } from "zod";

/** An aggregate whose log this version cannot read: no decision is made about it. */
export interface Quarantined {
  readonly aggregate: AggregateRef;
  /** The position of the message that cannot be read; 0 when it is unknown. */
  readonly seq: number;
  readonly code: string;
  readonly why: string;
}

/** The aggregates of a shard that cannot be read, by subject. */
export class Quarantine {
  readonly #all = new Map<string, Quarantined>();

  values(): readonly Quarantined[] {
    return [...this.#all.values()];
  }

  has(ref: AggregateRef): boolean {
    return this.#all.has(subjectOf(ref));
  }

  /** The Fault for a command on an aggregate that cannot be read; undefined for any other aggregate. */
  faultOf(ref: AggregateRef): Fault | undefined {
    const quarantined = this.#all.get(subjectOf(ref));
    if (quarantined === undefined) return undefined;
    return new Fault(quarantined.code === "LOG_DAMAGED" ? "LOG_DAMAGED" : "LOG_NEWER", quarantined.why);
  }

  /** Adds an aggregate; the change shows it in the view `open`. Undefined when it was added before. */
  add(quarantined: Quarantined): Change | undefined {
    const subject = subjectOf(quarantined.aggregate);
    if (this.#all.has(subject)) return undefined;
    this.#all.set(subject, quarantined);
    const { aggregate, seq, code, why } = quarantined;
    return {
      bucket: buckets.open,
      urgent: true,
      key: openKeyOf(aggregate),
      seq,
      value: { ...openValueOf(aggregate), quarantine: { seq, code, why } },
    };
  }
}

/** A retry does not help: this version, or every version, cannot read the aggregate's log. */
export const isUnreadable = (failure: unknown): boolean => isUnreadableCode(causeOf(failure).code);

/** Whether this code puts the aggregate into quarantine: a log as above, or a kind that this version does not have. */
export const isQuarantining = (code: string): boolean => isUnreadableCode(code) || code === "UNKNOWN_PART";

/** The quarantine entry of a failure to read an aggregate. */
export function quarantinedBy(aggregate: AggregateRef, failure: unknown): Quarantined {
  const { code, why } = causeOf(failure);
  const details = failure instanceof Error && "details" in failure ? failure.details : {};
  const seq = z.object({ seq: z.number() }).safeParse(details);
  return { aggregate, seq: seq.success ? seq.data.seq : 0, code, why };
}

/** The same for a message that a consumer of many subjects could not read. */
export const quarantinedAt = ({ aggregate, seq, code, why }: UnreadableCommit): Quarantined => ({
  aggregate,
  seq,
  code,
  why,
});
