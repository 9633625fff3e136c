import { buckets, resultsBucketOf, streams, subjects } from "@shoal/proto";

/** What a NATS user may do, as subjects. */
export interface UserRights {
  readonly publish: SubjectRights;
  readonly subscribe: SubjectRights;
  /** May answer requests that reached it, so often and for so long, whatever the reply subject. */
  readonly answers?: { readonly max: number; readonly withinMs: number };
}

/** Subjects that may be used, and those among them that may not after all. */
export interface SubjectRights {
  readonly allow: readonly string[];
  readonly deny?: readonly string[];
}

// An ask is answered once; the longest that a requester waits for bids is far below this.
const answers = { max: 1, withinMs: 60_000 } as const;

/** The prefix under which a node gets answers: no other user hears them. */
export const inboxPrefixOf = (nodeId: string): string => `_INBOX_${nodeId}`;

/** The prefix under which requesters get answers. */
export const requesterInboxPrefix = "_INBOX_requester";

/** The one consumer by which a node follows its assignments. */
export const assignmentsConsumerOf = (nodeId: string): string => `assignments-of-${nodeId}`;

const assignmentsStream = `KV_${buckets.assignments}`;

/**
 * What a compute node may do: speak under its own id, read its own assignments through its own consumer, fill its own
 * results bucket. It cannot read or write the log, the views, or anything of another node.
 */
export function permissionsOfNode(nodeId: string): UserRights {
  const consumer = assignmentsConsumerOf(nodeId);
  const bucket = resultsBucketOf(nodeId);
  return {
    publish: {
      allow: [
        `shoal.rpt.*.${nodeId}.*.*`,
        subjects.log(nodeId, "*"),
        subjects.heartbeat(nodeId),
        `$JS.API.CONSUMER.CREATE.${assignmentsStream}.${consumer}.$KV.${buckets.assignments}.${nodeId}.>`,
        `$JS.API.CONSUMER.DELETE.${assignmentsStream}.${consumer}`,
        `$JS.API.CONSUMER.MSG.NEXT.${assignmentsStream}.${consumer}`,
        `$O.${bucket}.>`,
        `$JS.API.STREAM.INFO.OBJ_${bucket}`,
        `$JS.API.STREAM.MSG.GET.OBJ_${bucket}`,
        // What a half-finished or replaced object leaves behind.
        `$JS.API.STREAM.PURGE.OBJ_${bucket}`,
      ],
    },
    subscribe: { allow: [`${inboxPrefixOf(nodeId)}.>`, subjects.ask(nodeId)] },
    answers,
  };
}

/** What a requester may do: everything that Shoal speaks of, but nobody's inbox and no deletion of the log. */
export function permissionsOfRequester(): UserRights {
  return {
    publish: {
      allow: ["shoal.>", "$KV.>", "$O.>", "$JS.API.>"],
      deny: [
        ...Object.values(streams).flatMap((stream) => [
          `$JS.API.STREAM.DELETE.${stream}`,
          `$JS.API.STREAM.UPDATE.${stream}`,
          `$JS.API.STREAM.PURGE.${stream}`,
          `$JS.API.STREAM.MSG.DELETE.${stream}`,
        ]),
      ],
    },
    subscribe: { allow: ["shoal.>", `${requesterInboxPrefix}.>`] },
  };
}
