interface ErrorRow {
  /** HTTP status of the response. */
  readonly http: number;
  /** Error code on the wire; Bacalhau's names, so that its clients know them. */
  readonly wire: string;
  /** Exit code of the CLI. */
  readonly exit: number;
  /** Whether a retry of the same call may succeed. */
  readonly retry: boolean;
  readonly summary: string;
  /** What the user can do next. */
  readonly hint: string;
}

/** Every named failure. Adapters (HTTP, consumer, CLI) translate from this table alone. */
// biome-ignore format: a table
export const errors = {
  BAD_REQUEST:          { http: 400, wire: "BadRequest", exit: 2, retry: false, summary: "malformed request", hint: "compare it with the API reference" },
  INVALID_SPEC:         { http: 400, wire: "ValidationError", exit: 2, retry: false, summary: "the job spec is not valid", hint: "fix the fields listed above and resubmit" },
  TOO_LARGE:            { http: 413, wire: "BadRequest", exit: 2, retry: false, summary: "size limit exceeded", hint: "pass large data as an input source instead of inline" },
  UNSUPPORTED_MEDIA:    { http: 415, wire: "BadRequest", exit: 2, retry: false, summary: "unsupported request body", hint: "send application/json in UTF-8, not compressed" },
  UNAUTHORIZED:         { http: 401, wire: "Unauthorized", exit: 3, retry: false, summary: "Request Unauthorized", hint: "request a challenge and sign it with your key" },
  ORIGIN_REFUSED:       { http: 403, wire: "Forbidden", exit: 3, retry: false, summary: "the request's Host or Origin is not allowed", hint: "list the page's origin in http.origins, or set http.publicUrl to the address that clients use" },
  TIMED_OUT:            { http: 503, wire: "TimeOut", exit: 7, retry: true, summary: "Server Timeout!", hint: "retry; if the call changes something, check first whether it succeeded" },
  POSITION_AHEAD:       { http: 400, wire: "PositionAhead", exit: 2, retry: false, summary: "the position is beyond the end of the log", hint: "drop the position: it comes from another cluster, or the log was restored from a backup" },
  POSITION_NOT_REACHED: { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "this requester has not reached the requested position", hint: "retry, or use another requester" },
  NOT_FOUND:            { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no such route", hint: "compare it with the API reference" },
  JOB_NOT_FOUND:        { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no job has this id or name", hint: "list jobs in all namespaces: shoal job list --namespace '*'" },
  EXECUTION_NOT_FOUND:  { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no execution has this id", hint: "list them: shoal job executions <job>" },
  NODE_NOT_FOUND:       { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no node has this id", hint: "list nodes: shoal node list" },
  SECRET_NOT_FOUND:     { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "the namespace has no secret of this name", hint: "list them: shoal secret list" },
  SECRET_MISSING:       { http: 422, wire: "ValidationError", exit: 9, retry: false, summary: "a secret that the task refers to does not exist", hint: "store it: shoal secret put <name>, then submit the job again" },
  SECRETS_DISABLED:     { http: 409, wire: "ConfigurationError", exit: 5, retry: false, summary: "this requester has no key for secrets", hint: "create one with shoal secret init, and name it in secrets.keyFile of every requester" },
  SECRETS_UNAVAILABLE:  { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "no requester provided the task's secrets", hint: "check that every requester is running with the cluster's secrets.keyFile" },
  RESULT_NOT_FOUND:     { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "no result has this id", hint: "results may have been removed from their store; run the job again" },
  MULTIPLE_JOBS:        { http: 409, wire: "MultipleJobsFound", exit: 5, retry: false, summary: "several jobs match this id prefix", hint: "use the full id" },
  MULTIPLE_NODES:       { http: 409, wire: "MultipleNodesFound", exit: 5, retry: false, summary: "several nodes match this id prefix", hint: "use the full id" },
  NODE_CONFLICT:        { http: 409, wire: "ConflictNodeState", exit: 5, retry: false, summary: "not allowed in the node's current state", hint: "check the state: shoal node describe <node>" },
  JOB_EXISTS:           { http: 409, wire: "ResourceInUse", exit: 5, retry: false, summary: "a job with this name exists in the namespace", hint: "choose another name, or leave the name out" },
  ILLEGAL_TRANSITION:   { http: 409, wire: "ConflictJobState", exit: 5, retry: false, summary: "not allowed in the current state", hint: "check the state: shoal job describe <job>" },
  NOT_YOURS:            { http: 409, wire: "ConflictJobState", exit: 5, retry: false, summary: "another node holds this execution", hint: "no action needed: the report is refused and stored" },
  REVISION_CONFLICT:    { http: 409, wire: "ConcurrentUpdate", exit: 6, retry: true, summary: "concurrent update", hint: "retry" },
  TOO_MANY:             { http: 429, wire: "ResourceExhausted", exit: 6, retry: true, summary: "resource limit reached", hint: "wait until some finish, then retry" },
  LOG_UNREACHABLE:      { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "the event log cannot be reached", hint: "check that the NATS server is running and that its URL is correct" },
  LOG_FULL:             { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "the event log is full", hint: "free disk space on the NATS server; restart nats-server if it does not recover" },
  NOT_READY:            { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "this requester is not ready", hint: "retry shortly, or use another requester; GET /readyz shows the reason" },
  NATS_REFUSED:         { http: 503, wire: "ConfigurationError", exit: 10, retry: false, summary: "the NATS server refuses this user", hint: "check nats.user and nats.password or nats.passwordFile, and the user's permissions in the server's configuration" },
  API_UNREACHABLE:      { http: 503, wire: "NetworkFailure", exit: 7, retry: true, summary: "no requester is reachable", hint: "start a cluster with shoal devstack, or connect to a running one: --api-host http://host:1234" },
  LOG_UNSUITABLE:       { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "incompatible NATS server or stream configuration", hint: "fix the difference shown above; Shoal does not change existing streams" },
  LOG_DAMAGED:          { http: 500, wire: "DatastoreFailure", exit: 8, retry: false, summary: "the event log is corrupted", hint: "verify it: shoal replay; for a truncated log: shoal repair --help" },
  LOG_NEWER:            { http: 503, wire: "ServiceUnavailable", exit: 8, retry: true, summary: "written by a newer version of Shoal", hint: "upgrade all requesters, or use an upgraded one" },
  FEATURE_LEVEL:        { http: 409, wire: "ConfigurationError", exit: 5, retry: true, summary: "not supported at the cluster's feature level", hint: "upgrade all requesters, then run: shoal cluster upgrade --finish" },
  REQUESTER_BEHIND:     { http: 503, wire: "ServiceUnavailable", exit: 7, retry: true, summary: "this requester is older than the cluster's feature level", hint: "upgrade this requester, or use an upgraded one" },
  UPGRADE_UNFINISHED:   { http: 409, wire: "ConfigurationError", exit: 5, retry: false, summary: "not every requester is upgraded", hint: "upgrade or stop the requesters listed above, then retry" },
  START_TIMED_OUT:      { http: 500, wire: "TimeOut", exit: 9, retry: true, summary: "the node did not start the task in time", hint: "no action needed: the task is retried on another node; check the node's log" },
  PUBLISH_TIMED_OUT:    { http: 500, wire: "TimeOut", exit: 9, retry: true, summary: "publishing the results took too long", hint: "check the publisher's storage and the node's connection to it" },
  STOP_TIMED_OUT:       { http: 500, wire: "TimeOut", exit: 9, retry: true, summary: "the node did not confirm the stop in time", hint: "check the node: the task may still be running there" },
  CONFIG_INVALID:       { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "the configuration is not valid", hint: "fix the setting listed above" },
  UNKNOWN_PART:         { http: 422, wire: "BadRequest", exit: 8, retry: false, summary: "unknown name", hint: "use one of the names listed" },
  NO_NODE_FITS:         { http: 409, wire: "ResourceExhausted", exit: 6, retry: false, summary: "not enough nodes to run job", hint: "relax the constraints, add nodes, or set a queue timeout" },
  NO_CAPACITY:          { http: 429, wire: "ResourceExhausted", exit: 6, retry: true, summary: "the node has no free capacity", hint: "no action needed: the job is offered to other nodes or stays queued" },
  INPUT_UNAVAILABLE:    { http: 422, wire: "BadRequest", exit: 9, retry: false, summary: "an input cannot be fetched", hint: "check the source's params, and which inputs this node allows" },
  ENGINE_FAILED:        { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the engine could not run the task", hint: "read the reason; the task is retried on another node" },
  TASK_INVALID:         { http: 422, wire: "BadRequest", exit: 9, retry: false, summary: "the task is invalid and cannot run", hint: "fix the engine's params and resubmit" },
  TASK_EXITED:          { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the task ended with an exit code other than 0", hint: "read its output: shoal job logs <job>" },
  ROLLOUT_FAILED:       { http: 500, wire: "InternalError", exit: 9, retry: false, summary: "an execution of the new version failed", hint: "fix the spec and submit it again, or run an earlier version: shoal job rerun <job> --version <n>" },
  JOB_UNCHANGED:        { http: 409, wire: "ConflictJobState", exit: 5, retry: false, summary: "no changes detected for new job spec", hint: "Use the --force flag to override this warning" },
  VERSION_NOT_FOUND:    { http: 404, wire: "NotFound", exit: 4, retry: false, summary: "the job has no such version", hint: "list them: shoal job versions <job>" },
  PUBLISH_FAILED:       { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the results could not be published", hint: "check the publisher's params and its storage" },
  OUT_OF_MEMORY:        { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "memory limit exceeded", hint: "request more memory in the task's resources" },
  DISK_LIMIT_EXCEEDED:  { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "disk limit exceeded", hint: "write less, or request more disk in the task's resources" },
  OUTPUT_TOO_LARGE:     { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "output limit exceeded", hint: "write less, or request more disk in the task's resources" },
  RESULTS_TOO_LARGE:    { http: 500, wire: "ResourceExhausted", exit: 9, retry: false, summary: "the results exceed the node's publish limit", hint: "write less to the result paths, or raise the node's results.limitBytes" },
  EXECUTION_TIMED_OUT:  { http: 500, wire: "TimeOut", exit: 9, retry: false, summary: "Execution timed out", hint: "raise the task's execution timeout" },
  JOB_TIMED_OUT:        { http: 500, wire: "TimeOut", exit: 9, retry: false, summary: "Job timed out", hint: "raise the task's total or queue timeout" },
  NODE_LOST:            { http: 500, wire: "NetworkFailure", exit: 9, retry: true, summary: "the node has disappeared", hint: "no action needed: the task is retried on another node" },
  NODE_RESTARTED:       { http: 500, wire: "InternalError", exit: 9, retry: true, summary: "the node restarted while the task ran", hint: "no action needed: the task is retried" },
  STOPPED:              { http: 409, wire: "ConflictJobState", exit: 9, retry: false, summary: "stopped", hint: "no action needed" },
  RETRIES_EXHAUSTED:    { http: 500, wire: "InternalError", exit: 9, retry: false, summary: "Job failed because it has been retried too many times", hint: "see why each attempt failed: shoal job history <job>" },
  NODE_ID_IN_USE:       { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "another process uses this node id", hint: "give each node a separate nodeId and dataDir, or stop the other process" },
  DATA_DIR_IN_USE:      { http: 500, wire: "ConfigurationError", exit: 8, retry: false, summary: "another process uses this data directory", hint: "stop that process, or give each node a separate dataDir" },
  DATA_DIR_FAILED:      { http: 500, wire: "IOError", exit: 8, retry: true, summary: "the data directory cannot be used", hint: "check the node's disk and the owner of the directory" },
  NODE_DISK_FULL:       { http: 500, wire: "IOError", exit: 9, retry: true, summary: "the node's disk is full", hint: "free space on the disk listed above; the node continues automatically" },
  INTERNAL:             { http: 500, wire: "InternalError", exit: 1, retry: false, summary: "internal error", hint: "report a bug with the request id" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errors;
