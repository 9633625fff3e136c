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
export class WantedEntries {
  readonly #encode: Codec["encode"];
  readonly #digests = new Map(viewBuckets.map((bucket) => [bucket, new Map<string, string>()]));
  readonly #assignedBy = new Map<string, string>();

  constructor({ encode }: Pick<Codec, "encode">) {
    this.#encode = encode;
  }

  /** bucket -> key -> digest. */
  get digests(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    return this.#digests;
  }

  /** Which job wants each assignment: its key does not say. */
  get assignedBy(): ReadonlyMap<string, string> {
    return this.#assignedBy;
  }

  job(job: Job): void {
    this.#render(jobViews, job);
    for (const { placement } of liveExecutions(job))
      this.#assignedBy.set(`${placement.nodeId}.${placement.executionId}`, job.header.id);
  }

  node(node: ClusterNode): void {
    this.#render(nodeViews, node);
  }

  /** Whether the entries of this job have been rendered. */
  hasJob(namespace: string, jobId: string): boolean {
    return this.#digests.get(buckets.jobs)?.has(`${namespace}.${jobId}`) === true;
  }

  #render<A>(views: readonly View<A>[], aggregate: A): void {
    for (const view of views) {
      const into = this.#digests.get(view.bucket);
      for (const { key, seq, value } of entries(view, aggregate))
        into?.set(key, digest(this.#encode(entryOf(seq, value))));
    }
  }
}
