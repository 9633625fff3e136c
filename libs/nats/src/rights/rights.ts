import { type Kinds, kinds, viewBuckets } from "@shoal/core";
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

/** The prefix under which a node or an observer gets answers: no other user hears them. */
export const inboxPrefixOf = (nodeId: string): string => `_INBOX_${nodeId}`;

/** The prefix under which requesters get answers. */
export const requesterInboxPrefix = "_INBOX_requester";

/** The one consumer by which a node follows its assignments. */
export const assignmentsConsumerOf = (nodeId: string): string => `assignments-of-${nodeId}`;

const streamOf = (bucket: string): string => `KV_${bucket}`;

const assignmentsStream = streamOf(buckets.assignments);

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
        subjects.confirm(nodeId),
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
    subscribe: {
      allow: [
        `${inboxPrefixOf(nodeId)}.>`,
        subjects.ask(nodeId),
        subjects.heartbeat(nodeId),
        `${subjects.confirmed(nodeId)}.>`,
      ],
    },
    answers,
  };
}

/**
 * What a requester may do: use every subject of Shoal, but no inbox of others, and nothing that removes from the log. It has no
 * right to answer requests wherever they ask for it: the server would remember each message that has a reply subject, and delivered
 * log messages have one. With that right, reading a log took 1.5 to 2 times as long (measured).
 */
export function permissionsOfRequester(known: Kinds = kinds): UserRights {
  const views = viewBuckets(known).map(({ name }) => streamOf(name));
  const all = [...Object.values(streams), ...views, streamOf(buckets.shards)];
  // Reports are purged behind the position up to which they are decided on; views ahead of a log that was cut, by a repair.
  const purgeable: ReadonlySet<string> = new Set([streams.reports, ...views]);
  return {
    publish: {
      allow: ["shoal.>", "$KV.>", "$O.>", "$JS.API.>"],
      deny: [
        ...all.flatMap((stream) => [
          `$JS.API.STREAM.DELETE.${stream}`,
          `$JS.API.STREAM.UPDATE.${stream}`,
          ...(purgeable.has(stream) ? [] : [`$JS.API.STREAM.PURGE.${stream}`]),
          `$JS.API.STREAM.MSG.DELETE.${stream}`,
        ]),
        // The server's own word of what was stored.
        subjects.allLive,
        // Whole streams in and out, and servers taken from a stream: for an administrator.
        "$JS.API.STREAM.SNAPSHOT.>",
        "$JS.API.STREAM.RESTORE.>",
        "$JS.API.STREAM.PEER.>",
        "$JS.API.META.>",
        "$JS.API.SERVER.>",
        "$JS.API.ACCOUNT.>",
      ],
    },
    subscribe: { allow: ["shoal.>", `${requesterInboxPrefix}.>`] },
  };
}

/**
 * What an observer may do: subscribe to what the log's server publishes again as it is stored, and read the log through consumers of the stream EVENTS. Answers reach it
 * under `inboxPrefixOf(name)`. It writes nothing, and reads neither views nor reports nor output.
 */
export function permissionsOfObserver(name: string): UserRights {
  const { events } = streams;
  return {
    publish: {
      allow: [
        `$JS.API.STREAM.INFO.${events}`,
        `$JS.API.CONSUMER.CREATE.${events}`,
        `$JS.API.CONSUMER.CREATE.${events}.>`,
        `$JS.API.CONSUMER.INFO.${events}.*`,
        `$JS.API.CONSUMER.MSG.NEXT.${events}.*`,
        `$JS.API.CONSUMER.DELETE.${events}.*`,
        `$JS.ACK.${events}.>`,
      ],
    },
    subscribe: { allow: [`${inboxPrefixOf(name)}.>`, subjects.allLive] },
  };
}
