import {
  type ClusterNode,
  entries,
  entryOf,
  type Job,
  jobViews,
  liveExecutions,
  nodeViews,
  type View,
} from "@shoal/core";
import { buckets } from "@shoal/proto";
import { digest } from "./digest.ts";
import type { Codec } from "./judge.ts";

/** The buckets that hold views. */
export const viewBuckets: readonly string[] = [...jobViews, ...nodeViews].map(({ bucket }) => bucket);

/** The entries that the log wants, as digests of their bytes: what is compared stays small. */
export interface WantedEntries {
  /** bucket -> key -> digest. */
  readonly digests: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Which job wants each assignment: its key does not say. */
  readonly assignedBy: ReadonlyMap<string, string>;
  job(job: Job): void;
  node(node: ClusterNode): void;
  /** Whether the entries of this job have been rendered. */
  hasJob(namespace: string, jobId: string): boolean;
}

/** No entries yet. */
export function createWantedEntries({ encode }: Pick<Codec, "encode">): WantedEntries {
  const digests = new Map(viewBuckets.map((bucket) => [bucket, new Map<string, string>()]));
  const assignedBy = new Map<string, string>();

  function render<A>(views: readonly View<A>[], aggregate: A): void {
    for (const view of views) {
      const into = digests.get(view.bucket);
      for (const { key, seq, value } of entries(view, aggregate)) into?.set(key, digest(encode(entryOf(seq, value))));
    }
  }

  return {
    digests,
    assignedBy,
    job(job) {
      render(jobViews, job);
      for (const { placement } of liveExecutions(job))
        assignedBy.set(`${placement.nodeId}.${placement.executionId}`, job.header.id);
    },
    node: (node) => render(nodeViews, node),
    hasJob: (namespace, jobId) => digests.get(buckets.jobs)?.has(`${namespace}.${jobId}`) === true,
  };
}
