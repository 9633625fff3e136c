interface ErrorRow {
  /** The status that the HTTP door answers with. */
  readonly http: number;
  /** The code on the wire; the field's own names, so that its clients know them. */
  readonly wire: string;
  /** The exit code of the command line. */
  readonly exit: number;
  /** Whether the same call may succeed later. */
  readonly retry: boolean;
  readonly summary: string;
  /** What a person does next. */
  readonly hint: string;
}

/** Every failure that has a name. Doors translate from here and nowhere else. */
export const errors = {
  // biome-ignore format: one row, one failure
  BAD_REQUEST:          { http: 400, wire: "BadRequest", exit: 2, retry: false, summary: "the request cannot be read", hint: "compare it with the API reference" },
  // biome-ignore format: one row, one failure
  INVALID_SPEC:         { http: 400, wire: "ValidationError", exit: 2, retry: false, summary: "the job spec is not valid", hint: "mend the fields named here and submit again" },
  // biome-ignore format: one row, one failure
  TOO_LARGE:            { http: 413, wire: "BadRequest", exit: 2, retry: false, summary: "this is larger than the limit", hint: "pass large data as an input source instead of inline" },
  // biome-ignore format: one row, one failure
  UNSUPPORTED_MEDIA:    { http: 415, wire: "BadRequest", exit: 2, retry: false, summary: "the body has a form that is not understood", hint: "send application/json in UTF-8, not compressed" },
  // biome-ignore format: one row, one failure
  UNAUTHORIZED:         { http: 401, wire: "Unauthorized", exit: 3, retry: false, summary: "Request Unauthorized", hint: "ask for a challenge and answer it with your own key" },
  // biome-ignore format: one row, one failure
  ORIGIN_REFUSED:       { http: 403, wire: "Forbidden", exit: 3, retry: false, summary: "the request's Host or Origin is not allowed", hint: "list the page's origin in http.origins, or set http.publicUrl to the address that clients use" },
  // biome-ignore format: one row, one failure
  TIMED_OUT:            { http: 503, wire: "TimeOut", exit: 7, retry: true, summary: "Server Timeout!", hint: "try again; look at the result first if the call changes something" },
  // biome-ignore format: one row, one failure
  POSITION_AHEAD:       { http: 400, wire: "PositionAhead", exit: 2, retry: false, summary: "the log ends before this position", hint: "drop the position: it comes from another cluster, or the log was restored from a backup" },
  // biome-ignore format: one row, one failure
  POSITION_NOT_REACHED: { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "this requester is behind the position that the read names", hint: "try again, or ask another requester" },
  // biome-ignore format: one row, one failure
  NOT_FOUND:            { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "nothing answers to this address", hint: "compare it with the API reference" },
  // biome-ignore format: one row, one failure
  JOB_NOT_FOUND:        { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no job has this id or name", hint: "list jobs in all namespaces: shoal job list --namespace '*'" },
  // biome-ignore format: one row, one failure
  EXECUTION_NOT_FOUND:  { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no execution has this id", hint: "list them: shoal job executions <job>" },
  // biome-ignore format: one row, one failure
  NODE_NOT_FOUND:       { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no node has this id", hint: "list nodes: shoal node list" },
  // biome-ignore format: one row, one failure
  RESULT_NOT_FOUND:     { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no result is kept under this id", hint: "results may have been removed from their store; run the job again" },
  // biome-ignore format: one row, one failure
  MULTIPLE_JOBS:        { http: 409, wire: "MultipleJobsFound", exit: 5, retry: false, summary: "several jobs begin with this id", hint: "use the full id" },
  // biome-ignore format: one row, one failure
  MULTIPLE_NODES:       { http: 409, wire: "MultipleNodesFound", exit: 5, retry: false, summary: "several nodes begin with this id", hint: "use the full id" },
  // biome-ignore format: one row, one failure
  JOB_EXISTS:           { http: 409, wire: "ResourceInUse", exit: 5, retry: false, summary: "a job with this name exists in the namespace", hint: "choose another name, or leave the name out" },
  // biome-ignore format: one row, one failure
  ILLEGAL_TRANSITION:   { http: 409, wire: "ConflictJobState", exit: 5, retry: false, summary: "its state does not allow this", hint: "look at its state: shoal job describe <job>" },
  // biome-ignore format: one row, one failure
  NOT_YOURS:            { http: 409, wire: "ConflictJobState", exit: 5, retry: false, summary: "another node holds this execution", hint: "nothing to do: the report is refused and kept" },
  // biome-ignore format: one row, one failure
  REVISION_CONFLICT:    { http: 409, wire: "ConcurrentUpdate", exit: 6, retry: true, summary: "somebody wrote first", hint: "try again" },
  // biome-ignore format: one row, one failure
  TOO_MANY:             { http: 429, wire: "ResourceExhausted", exit: 6, retry: true, summary: "the limit of this resource is reached", hint: "wait for some to finish and try again" },
  // biome-ignore format: one row, one failure
  LOG_UNREACHABLE:      { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "the event log cannot be reached", hint: "check that the NATS server runs and that its URL is right" },
  // biome-ignore format: one row, one failure
  LOG_FULL:             { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "the event log has no room left", hint: "make room on the NATS server's disk; restart nats-server if it does not recover by itself" },
  // biome-ignore format: one row, one failure
  NOT_READY:            { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "this requester is not ready", hint: "try again in a moment, or ask another requester; GET /readyz says why" },
  // biome-ignore format: one row, one failure
  NATS_REFUSED:         { http: 503, wire: "ConfigurationError", exit: 10, retry: false, summary: "the NATS server refuses this user", hint: "check nats.user and nats.password or nats.passwordFile, and the user's rights in the server's configuration" },
  // biome-ignore format: one row, one failure
  API_UNREACHABLE:      { http: 503, wire: "NetworkFailure", exit: 7, retry: true, summary: "no requester answers", hint: "start a cluster with shoal devstack, or name one that runs: --api-host http://host:1234" },
  // biome-ignore format: one row, one failure
  LOG_UNSUITABLE:       { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "the NATS server or its streams do not fit", hint: "read the difference named here; Shoal changes nothing by itself" },
  // biome-ignore format: one row, one failure
  LOG_DAMAGED:          { http: 500, wire: "DatastoreFailure", exit: 8, retry: false, summary: "the event log does not hold together", hint: "verify it: shoal replay; for a log that was cut: shoal repair --help" },
  // biome-ignore format: one row, one failure
  LOG_NEWER:            { http: 503, wire: "ServiceUnavailable", exit: 8, retry: true, summary: "this was written by a newer version of Shoal", hint: "finish the upgrade of all requesters, or ask one that is upgraded" },
  // biome-ignore format: one row, one failure
  FEATURE_LEVEL:        { http: 409, wire: "ConfigurationError", exit: 5, retry: true, summary: "the cluster's feature level does not allow this yet", hint: "finish the upgrade of all requesters, then run: shoal cluster upgrade --finish" },
  // biome-ignore format: one row, one failure
  REQUESTER_BEHIND:     { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "this requester is older than the cluster's feature level", hint: "upgrade this requester, or ask one that is upgraded" },
  // biome-ignore format: one row, one failure
  UPGRADE_UNFINISHED:   { http: 409, wire: "ConfigurationError", exit: 5, retry: false, summary: "not every requester is upgraded", hint: "upgrade or stop the requesters named here, then try again" },
  // biome-ignore format: one row, one failure
  START_TIMED_OUT:      { http: 500, wire: "TimeOut", exit: 9, retry: true, summary: "the node did not start the task in time", hint: "nothing to do: the work is tried on another node; look at the node's log" },
  // biome-ignore format: one row, one failure
  PUBLISH_TIMED_OUT:    { http: 500, wire: "TimeOut", exit: 9, retry: true, summary: "publishing the results took too long", hint: "check the publisher's store, and the node's connection to it" },
  // biome-ignore format: one row, one failure
  STOP_TIMED_OUT:       { http: 500, wire: "TimeOut", exit: 9, retry: true, summary: "the node did not confirm the stop in time", hint: "look at the node: the task may still be running there" },
  // biome-ignore format: one row, one failure
  CONFIG_INVALID:       { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "the configuration is not valid", hint: "mend the setting named here" },
  // biome-ignore format: one row, one failure
  UNKNOWN_PART:         { http: 422, wire: "BadRequest", exit: 8, retry: false, summary: "no part has this name", hint: "use one of the names listed" },
  // biome-ignore format: one row, one failure
  NO_NODE_FITS:         { http: 409, wire: "ResourceExhausted", exit: 6, retry: false, summary: "not enough nodes to run job", hint: "loosen the constraints, add nodes, or set a queue timeout" },
  // biome-ignore format: one row, one failure
  NO_CAPACITY:          { http: 429, wire: "ResourceExhausted", exit: 6, retry: true, summary: "the node has no room left", hint: "nothing to do: the job is offered elsewhere or waits" },
  // biome-ignore format: one row, one failure
  INPUT_UNAVAILABLE:    { http: 422, wire: "BadRequest", exit: 9, retry: false, summary: "an input cannot be brought in", hint: "check the source's params, and what this node allows" },
  // biome-ignore format: one row, one failure
  ENGINE_FAILED:        { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the engine could not run the task", hint: "read the reason; the job is tried on another node" },
  // biome-ignore format: one row, one failure
  TASK_INVALID:         { http: 422, wire: "BadRequest", exit: 9, retry: false, summary: "the task can never run as it is written", hint: "mend the engine's params and submit again" },
  // biome-ignore format: one row, one failure
  PUBLISH_FAILED:       { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the results could not be published", hint: "check the publisher's params and its store" },
  // biome-ignore format: one row, one failure
  OUT_OF_MEMORY:        { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "memory limit exceeded", hint: "ask for more memory in the task's resources" },
  // biome-ignore format: one row, one failure
  OUTPUT_TOO_LARGE:     { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "the task wrote more than it may", hint: "write less, or ask for more disk in the task's resources" },
  // biome-ignore format: one row, one failure
  RESULTS_TOO_LARGE:    { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "the results are larger than the node publishes", hint: "write less into the result paths, or raise results.limitBytes of the node" },
  // biome-ignore format: one row, one failure
  EXECUTION_TIMED_OUT:  { http: 500, wire: "TimeOut", exit: 9, retry: false, summary: "Execution timed out", hint: "raise the task's execution timeout" },
  // biome-ignore format: one row, one failure
  JOB_TIMED_OUT:        { http: 500, wire: "TimeOut", exit: 9, retry: false, summary: "Job timed out", hint: "raise the task's total or queue timeout" },
  // biome-ignore format: one row, one failure
  NODE_LOST:            { http: 500, wire: "NetworkFailure", exit: 9, retry: true, summary: "the node has disappeared", hint: "nothing to do: the work is tried on another node" },
  // biome-ignore format: one row, one failure
  NODE_RESTARTED:       { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the node restarted while the task ran", hint: "nothing to do: the work is tried again" },
  // biome-ignore format: one row, one failure
  STOPPED:              { http: 409, wire: "ConflictJobState", exit: 9, retry: false, summary: "it was stopped", hint: "nothing to do" },
  // biome-ignore format: one row, one failure
  RETRIES_EXHAUSTED:    { http: 500, wire: "InternalError", exit: 9, retry: false, summary: "Job failed because it has been retried too many times", hint: "read why each try failed: shoal job history <job>" },
  // biome-ignore format: one row, one failure
  NODE_ID_IN_USE:       { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "another process runs under this node id", hint: "give each node a nodeId and a dataDir of its own, or stop the other process" },
  // biome-ignore format: one row, one failure
  DATA_DIR_IN_USE:      { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "another process uses this data directory", hint: "stop it, or give each node a dataDir of its own" },
  // biome-ignore format: one row, one failure
  DATA_DIR_FAILED:      { http: 500, wire: "IOError", exit: 8, retry: true, summary: "the data directory cannot be used", hint: "look at the node's disk, and at the owner of the directory" },
  // biome-ignore format: one row, one failure
  NODE_DISK_FULL:       { http: 500, wire: "IOError", exit: 9, retry: true, summary: "the node's disk is full", hint: "make room on the disk named here; the node goes on by itself" },
  // biome-ignore format: one row, one failure
  INTERNAL:             { http: 500, wire: "InternalError", exit: 1, retry: false, summary: "this is our mistake", hint: "report it with the request id" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errors;
