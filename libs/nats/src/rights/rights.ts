import { type Kinds, kinds, viewBuckets } from "@shoal/core";
import { buckets, resultsBucketOf, streams, subjects } from "@shoal/proto";

/** Permissions of a NATS user, as subjects. */
export interface UserRights {
  readonly publish: SubjectRights;
  readonly subscribe: SubjectRights;
  /** Permission to reply to received requests on any reply subject: the maximum number of replies and the time for them. */
  readonly answers?: { readonly max: number; readonly withinMs: number };
}

/** Allowed subjects, and the denied ones among them. */
export interface SubjectRights {
  readonly allow: readonly string[];
  readonly deny?: readonly string[];
}

// An ask gets one reply; a requester's longest wait for bids is far below this time.
const answers = { max: 1, withinMs: 60_000 } as const;

/** The inbox prefix of a node or an observer. No other user may subscribe to it. */
export const inboxPrefixOf = (nodeId: string): string => `_INBOX_${nodeId}`;

/** The inbox prefix of requesters. */
export const requesterInboxPrefix = "_INBOX_requester";

/** The name of the consumer with which a node follows its assignments. */
export const assignmentsConsumerOf = (nodeId: string): string => `assignments-of-${nodeId}`;

const streamOf = (bucket: string): string => `KV_${bucket}`;

const assignmentsStream = streamOf(buckets.assignments);

/** What a node may do beyond its own data. */
export interface NodeGrants {
  /** Object stores that the node may read, for the inputs of jobs. */
  readonly inputBuckets?: readonly string[];
}

/**
 * Permissions of a compute node: publish under its own id, read its own assignments through its own consumer, write to its own
 * results bucket, read the granted object stores. It can read or write neither the log, nor the views, nor data of another node.
 */
export function permissionsOfNode(nodeId: string, { inputBuckets = [] }: NodeGrants = {}): UserRights {
  const consumer = assignmentsConsumerOf(nodeId);
  const bucket = resultsBucketOf(nodeId);
  return {
    publish: {
      allow: [
        `shoal.rpt.*.${nodeId}.*.*`,
        subjects.log(nodeId, "*"),
        subjects.heartbeat(nodeId),
        subjects.confirm(nodeId),
        subjects.upload(nodeId),
        subjects.secrets(nodeId),
        `$JS.API.CONSUMER.CREATE.${assignmentsStream}.${consumer}.$KV.${buckets.assignments}.${nodeId}.>`,
        `$JS.API.CONSUMER.DELETE.${assignmentsStream}.${consumer}`,
        `$JS.API.CONSUMER.MSG.NEXT.${assignmentsStream}.${consumer}`,
        `$O.${bucket}.>`,
        `$JS.API.STREAM.INFO.OBJ_${bucket}`,
        `$JS.API.STREAM.MSG.GET.OBJ_${bucket}`,
        // To purge the chunks of an incomplete or replaced object.
        `$JS.API.STREAM.PURGE.OBJ_${bucket}`,
        // No direct reads or consumers: the server would send the bare content to any subject that the node names.
        ...inputBuckets.flatMap((each) => [`$JS.API.STREAM.INFO.OBJ_${each}`, `$JS.API.STREAM.MSG.GET.OBJ_${each}`]),
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
 * Permissions of a requester: every subject of Shoal, but no inbox of others and no removal from the log. It may not reply on any
 * reply subject: the server would track each message that has one, and delivered log messages have one. With that permission,
 * reading a log took 1.5 to 2 times as long (measured).
 */
export function permissionsOfRequester(known: Kinds = kinds): UserRights {
  const views = viewBuckets(known).map(({ name }) => streamOf(name));
  const all = [...Object.values(streams), ...views, streamOf(buckets.shards)];
  // Reports are purged up to the position that is decided on; a repair purges views that are ahead of a truncated log.
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
        // Republished messages, which only the server may send.
        subjects.allLive,
        // Backup and restore of streams, and removal of stream peers: for an administrator.
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
 * Permissions of an observer: subscribe to the republished log, and read the log through consumers of the stream EVENTS. Its inbox
 * prefix is `inboxPrefixOf(name)`. It cannot write, and reads neither views nor reports nor output.
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
