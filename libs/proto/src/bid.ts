import { z } from "zod";
import { Answer } from "./execution/events.ts";
import { JobSpec, Task } from "./job/spec.ts";
import { AllocatedResources } from "./resources.ts";

/** The most bytes of the requirements in one ask: a busy node gets hundreds of asks, joined into messages of half a megabyte. */
export const requirementsBytesMax = 8_192;

/** A part that a task names. Params that are too large for an ask are left out: the node checks those when it runs the task. */
const RequiredPart = z.object({ type: z.string(), params: z.record(z.string(), z.unknown()).optional() });
export type RequiredPart = z.infer<typeof RequiredPart>;

/** What a job requires of a node: everything that filters and bid policies check, without what the task runs. */
export const Requirements = z.object({
  engine: RequiredPart,
  /** An empty type means none. */
  publisher: RequiredPart,
  sources: z.array(RequiredPart.extend({ target: z.string() })),
  resultPaths: Task.shape.resultPaths,
  /** Names of variables that the task reads from the node's own environment. */
  hostVariables: z.array(z.string()),
  network: z.object({
    type: Task.shape.network.unwrap().shape.type,
    hasPorts: z.boolean(),
    /** Ports of the node that the task names. */
    staticPorts: z.array(z.int()).optional(),
  }),
  constraints: JobSpec.shape.constraints,
  /** For one slot. */
  resources: AllocatedResources,
});
export type Requirements = z.infer<typeof Requirements>;

/** "Would you run this in this number of slots?" Core NATS, may be lost. */
export const Ask = z.object({
  askId: z.string(),
  jobId: z.string(),
  namespace: z.string(),
  jobType: z.string(),
  priority: z.int(),
  requirements: Requirements,
  /** How many slots are to be placed. */
  slots: z.int().min(1),
  /** More jobs of this kind wait: the node sends a heartbeat as soon as capacity becomes free, also when it accepts this ask. */
  othersWait: z.boolean().optional(),
  /**
   * The job has waited for long: a node that fits and has no free capacity reserves what becomes free for it. When the job was created,
   * milliseconds since the epoch; of two such jobs of one priority the older one comes first.
   */
  reserveSince: z.number().optional(),
  /**
   * The job may end executions of this priority and lower: a node without free capacity lists those that would make
   * room for one slot.
   */
  preemptsUpTo: z.int().optional(),
});
export type Ask = z.infer<typeof Ask>;

/** The most victims of one slot: a job that would end more waits instead. */
export const victimsMax = 64;

/** An execution that a job of higher priority may end. */
export const Victim = z.object({
  executionId: z.string(),
  jobId: z.string(),
  namespace: z.string(),
  priority: z.int(),
  /** When it was assigned; milliseconds since the epoch. */
  assignedAt: z.number(),
});
export type Victim = z.infer<typeof Victim>;

/** "I would, in this number of slots, at this score", or "no, because …". An accepted bid holds the capacity until `holdUntil`. */
export const Bid = Answer.extend({
  askId: z.string(),
  slots: z.int().min(0),
  holdUntil: z.number().optional(),
  /** A refusal that may change once capacity becomes free. */
  busy: z.boolean().optional(),
  /** With `busy`: the capacity that the node had left when it refused. */
  available: AllocatedResources.optional(),
  /** With `busy`: capacity that becomes free is reserved for this job for a while. */
  reserved: z.boolean().optional(),
  /** The end of these executions makes room for one slot; none, when what ends anyway makes it. */
  victims: z.array(Victim).max(victimsMax).optional(),
});
export type Bid = z.infer<typeof Bid>;

/** The number of slots of an ask's hold that are not needed; nor is the capacity that it made the node reserve. */
export const Release = z.object({ askId: z.string(), slots: z.int().min(1) });
export type Release = z.infer<typeof Release>;

/** One message to a node: asks, and holds that are no longer needed. */
export const AskBatch = z.object({ asks: z.array(Ask), released: z.array(Release) });
export type AskBatch = z.infer<typeof AskBatch>;

export const BidBatch = z.object({ bids: z.array(Bid) });
export type BidBatch = z.infer<typeof BidBatch>;
