import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** One entry of a node's history. */
export const NodeHistoryEntity = z
  .object({
    seqNum: z.int().describe("the number of the entry in the history of its node, ascending"),
    nodeId: z.string().describe("the id of the node"),
    event: z
      .object({
        message: z.string().describe("the event as a sentence"),
        topic: z.string().describe("the kind of event"),
        details: onWire(z.record(z.string(), z.string()).describe("facts for programs"), { omitEmpty: true }),
      })
      .describe("what happened"),
    actor: z
      .object({
        type: z
          .enum(["client", "node", "requester"])
          .describe("what caused it: an operator's client, the node itself, or a requester"),
        id: onWire(z.string().describe("its id; empty for a client that is not known"), { omitEmpty: true }),
      })
      .describe("what caused it"),
    time: onWire(z.number().describe("when it was decided"), { as: "rfc3339" }),
  })
  .meta({ id: "NodeHistoryEntry", description: "one entry of a node's history" });
export type NodeHistoryEntity = z.infer<typeof NodeHistoryEntity>;
