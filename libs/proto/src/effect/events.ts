import { z } from "zod";
import { defineEvent } from "../event.ts";

/** The receiver of an effect has carried it out, now or before, or has ended. */
export const EffectDone = defineEvent("EffectDone", z.object({ effectId: z.string() }));
/** The receiver of an effect refused it. */
export const EffectRefused = defineEvent(
  "EffectRefused",
  z.object({ effectId: z.string(), code: z.string(), why: z.string() }),
);
