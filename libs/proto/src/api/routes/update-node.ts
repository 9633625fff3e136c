import { z } from "zod";
import { drainModes } from "../../node/events.ts";
import { defineRoute } from "../route.ts";

/** What an operator orders about a node. Bacalhau has the first three. */
const nodeActions = ["approve", "reject", "delete", "drain", "undrain"] as const;
export type NodeAction = (typeof nodeActions)[number];

// The message is a sentence that the log stores permanently.
const messageChars = 1024;
// As long as a node may be disconnected by default, in seconds: longer than any batch task may run by default.
const deadlineMax = 30 * 24 * 3600;

const word = <const W extends readonly [string, ...string[]]>(words: W) =>
  z
    .string(`expected one of ${words.join(", ")}`)
    .transform((given) => given.toLowerCase())
    .pipe(z.enum(words, `expected one of ${words.join(", ")}`));

export const updateNode = defineRoute({
  name: "updateNode",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/nodes/:id",
  summary: "Approves, rejects, deletes, drains or undrains a node, by id or id prefix.",
  query: z.object({}),
  body: z.object({
    action: word(nodeActions).describe(
      "approve or reject: whether it gets work; delete: forgets it; drain: it gets no new work and becomes empty; undrain: it gets work again",
    ),
    message: z.string().max(messageChars).default("").describe("stored in the history of the node"),
    nodeId: z.string().default("").describe("the id in the path again, as Bacalhau's clients send it"),
    mode: word(drainModes)
      .default("finish")
      .describe("of a drain. finish: batch and ops work may end until the deadline; move: all work moves at once"),
    deadline: z
      .int("expected whole seconds")
      .min(0, "expected 0 or more seconds")
      .max(deadlineMax, "expected at most 30 days")
      // As Nomad's default.
      .default(3600)
      .describe("of a drain: seconds after which the rest of the work moves; an hour by default"),
  }),
  answer: z.object({ success: z.boolean().describe("the order is in the log") }),
});
