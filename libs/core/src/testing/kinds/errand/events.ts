import { type AnyEventKind, defineEvent, EffectDone, EffectRefused, type EventOf } from "@shoal/proto";
import { z } from "zod";

const Ref = z.object({ kind: z.string(), namespace: z.string(), id: z.string() });

/** The child that an errand submits: another errand, or any other aggregate. */
export const ErrandChild = z.object({
  target: Ref,
  /** How long it runs before it ends by itself, milliseconds. */
  runMs: z.number(),
  /** The child refuses to start. */
  refuses: z.boolean().optional(),
});
export type ErrandChild = z.infer<typeof ErrandChild>;

/** The plan of an errand, from its first commit on. */
export const ErrandPlan = z.object({
  namespace: z.string(),
  id: z.string(),
  /** The aggregate to inform once the errand is settled. */
  parent: Ref.optional(),
  children: z.array(ErrandChild),
  /** When it ends in any case, milliseconds since the epoch. */
  endsAt: z.number().optional(),
  refuses: z.boolean().optional(),
});
export type ErrandPlan = z.infer<typeof ErrandPlan>;

/** An errand exists. */
export const ErrandStarted = defineEvent("ErrandStarted", ErrandPlan);
/** A child reported that it is settled. */
export const ErrandChildEnded = defineEvent("ErrandChildEnded", z.object({ childId: z.string() }));
/** The errand has its outcome. */
export const ErrandEnded = defineEvent(
  "ErrandEnded",
  z.object({ outcome: z.enum(["completed", "expired", "stopped"]), why: z.string() }),
);

/** Every event of an errand's history. */
export const errandEvents: readonly AnyEventKind[] = [
  ErrandStarted,
  ErrandChildEnded,
  ErrandEnded,
  EffectDone,
  EffectRefused,
];

export type ErrandEvent = EventOf<
  typeof ErrandStarted | typeof ErrandChildEnded | typeof ErrandEnded | typeof EffectDone | typeof EffectRefused
>;
