import type { ErrandPlan, Prng } from "@shoal/core/testing";
import type { AggregateRef } from "@shoal/proto";

/** An errand that a client submits. */
export interface PlannedErrand {
  readonly plan: ErrandPlan;
  readonly atMs: number;
  /** The time from its acknowledgement to its stop. */
  readonly stopAfterMs: number | undefined;
}

// The receivers of children: mostly a running errand; one that refuses; one with an unreadable log; an unknown kind; a kind
// without such a command.
const receivers = ["errand", "errand", "errand", "errand", "refusing", "unreadable", "unknown", "job"] as const;
type Receiver = (typeof receivers)[number];

/** The sort of receiver of a target, by its id. */
export const receiverOf = ({ id }: AggregateRef): string => id.split("-")[2] ?? "";

/** Draws errands with children of all sorts; none in half of the seeds. */
export function drawErrands(prng: Prng, withinMs: number): readonly PlannedErrand[] {
  const count = prng.pick([0, 0, 1, 3, 6]);
  return Array.from({ length: count }, (_, index) => {
    const children = Array.from({ length: prng.between(1, 5) }, (__, child) =>
      childOf(prng, `e${index}-${child}`, prng.pick(receivers)),
    );
    return {
      plan: { namespace: "default", id: `e${index}`, children },
      atMs: prng.between(0, withinMs),
      stopAfterMs: prng.happens(0.3) ? prng.between(0, 20_000) : undefined,
    };
  });
}

function childOf(prng: Prng, prefix: string, receiver: Receiver): ErrandPlan["children"][number] {
  const kinds: Readonly<Partial<Record<Receiver, string>>> = { unknown: "ghost", job: "job" };
  const kind = kinds[receiver] ?? "errand";
  return {
    target: { kind, namespace: "default", id: `${prefix}-${receiver}` },
    runMs: prng.pick([0, 100, 3_000, 30_000]),
    ...(receiver === "refusing" ? { refuses: true } : {}),
  };
}
