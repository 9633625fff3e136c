import type { ExecutionEntity, SpecConfig } from "@shoal/proto";

/** What clients get for the published results of one type. */
export interface ResultStore {
  /** The type of result that publishers report, in lower case. */
  readonly type: string;
  /** The form in which a client can fetch the result. Throws a Fault when it cannot be made. */
  link(published: PublishedResult): Promise<SpecConfig>;
}

/** A result as the log has it: params are what a node reported, not what this service may trust. */
export interface PublishedResult {
  readonly execution: ExecutionEntity;
  /** The publisher of the task, as its spec names it. */
  readonly publisher: SpecConfig;
  /** The address of this API, for links. */
  readonly baseUrl: string;
}
