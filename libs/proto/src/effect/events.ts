import { z } from "zod";
import { defineEvent } from "../event.ts";

const effectId = z.string().describe("the id of the effect in its sender's state");

export const EffectDone = defineEvent(
  "EffectDone",
  z.object({ effectId }).describe("The receiver of an effect has carried it out, now or before, or has ended."),
);
export const EffectRefused = defineEvent(
  "EffectRefused",
  z
    .object({
      effectId,
      code: z.string().describe("the code of the refusal, from the error table"),
      why: z.string().describe("the reason, for people"),
    })
    .describe("The receiver of an effect refused it."),
);
