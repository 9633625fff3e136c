import { causeOf, type Process, type ViewStore } from "@shoal/core";
import { NodeInfo } from "@shoal/proto";
import type { Diary } from "./ports.ts";

/** The publisher that puts results into the object store. */
const publisher = "nats";

export interface ResultBucketsParts {
  /** The nodes bucket. */
  readonly nodes: ViewStore;
  readonly ensure: (nodeId: string) => Promise<void>;
  readonly diary: Diary;
}

/** Makes the bucket into which a node puts results as soon as the node is known: its own rights do not reach so far. */
export function createResultBuckets({ nodes, ensure, diary }: ResultBucketsParts): Process {
  const made = new Set<string>();
  let watch: { close(): Promise<void> } | undefined;
  const look = (nodeId: string, info: unknown): void => {
    const known = NodeInfo.safeParse(info);
    if (!known.success || made.has(nodeId) || !known.data.publishers.includes(publisher)) return;
    made.add(nodeId);
    ensure(nodeId).catch((failure: unknown) => {
      // The node's next change of state is the next try.
      made.delete(nodeId);
      diary.warn({ nodeId, ...causeOf(failure) }, "the results bucket of a node cannot be made");
    });
  };
  return {
    name: "result buckets",
    async start() {
      watch = await nodes.watch(">", { changed: (key, value) => look(key, value?.["info"]), ready: () => {} });
    },
    async stop() {
      await watch?.close();
    },
  };
}
