import { z } from "zod";

/** The params of an input from an object store in NATS; the keys are the wire names. */
export const NatsSourceParams = z
  .strictObject({
    Bucket: z
      .string()
      .regex(/^[\w-]+$/, "expected the name of an object store: letters, digits, - and _")
      .describe("the object store's bucket, without `OBJ_`"),
    Key: z
      .string()
      .default("")
      .describe("the name of one object, or with `*` or `/` at its end what the names of all objects begin with"),
  })
  .meta({
    description:
      "Fetches objects of an object store in NATS, over the node's own connection. One object keeps its name inside the target; of several, the target gets a folder with what follows the last `/` of `Key`. Only buckets that the node's operator lists (`sources.nats.buckets`) and that the node's NATS user may read. `Bucket` and `Object` of a result of the publisher `nats` are `Bucket` and `Key` here.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["ls", "/in"] } },
      InputSources: [{ Source: { Type: "nats", Params: { Bucket: "inputs", Key: "2026/*" } }, Target: "/in" }],
    },
  });
