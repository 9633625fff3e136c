export { ApiErrorBody } from "./api/api-error-body.ts";
export { ClusterEntity, FinishedUpgradeEntity, HoldingsEntity } from "./api/cluster.ts";
export { ExecutionEntity } from "./api/execution.ts";
export { JobExplanation, RefusalGroup, SlotExplanation, WaitExplanation } from "./api/explanation.ts";
export { HistoryEntity } from "./api/history.ts";
export { JobEntity } from "./api/job.ts";
export { LogFrame } from "./api/log-frame.ts";
export { BuildVersion, NodeEntity, unknownBuildDate } from "./api/node.ts";
export { NodeHistoryEntity } from "./api/node-history.ts";
export { openApiDocument } from "./api/openapi.ts";
export { queryLimits, queryNames, type ReadQuery, readQuery, writeQuery } from "./api/query.ts";
export type { AnswerKind, AnswerOf, ApiRoute, HttpMethod, InputOf, ParamsOf, QueryOf } from "./api/route.ts";
export { apiRoutes } from "./api/routes/index.ts";
export type { NodeAction } from "./api/routes/update-node.ts";
export { SecretEntry } from "./api/secret.ts";
export { Assignment } from "./assignment.ts";
export {
  Ask,
  AskBatch,
  Bid,
  BidBatch,
  Release,
  type RequiredPart,
  Requirements,
  requirementsBytesMax,
  Victim,
  victimsMax,
} from "./bid.ts";
export {
  Actor,
  type Commit,
  CommitEnvelope,
  commitBytes,
  commitVersion,
  eventKinds,
  type StoredEvent,
} from "./commit.ts";
export { ConfirmAnswer, ConfirmRequest, confirmedMax } from "./confirm.ts";
export { EffectDone, EffectRefused } from "./effect/events.ts";
export { type ErrorCode, errors } from "./errors.ts";
export { defineEvent, type EventKind, type EventOf, type Lift } from "./event.ts";
export { eventText, feedEventText, typesWithText } from "./event-texts/event-texts.ts";
export type { EventText } from "./event-texts/row.ts";
export {
  Answer,
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPreparing,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsDisconnected,
  ExecutionsLost,
  ExecutionsReconnected,
  ExecutionsStopping,
  RunOutput,
} from "./execution/events.ts";
export { type ExecutionEvent, type ExecutionState, executionMachine } from "./execution/machine.ts";
export { Preparation, type PreparedInput, preparationText, preparedInputsMax } from "./execution/preparation.ts";
export { ExecutionRuntime, GpuDevice, PublishedPort, runtimeDetails } from "./execution/runtime.ts";
export {
  type ExecutionPlace,
  executionIdOf,
  fnv1a,
  nameCharsMax,
  shardCount,
  shardOf,
  shortId,
  tokenProblem,
  uuidOfHex,
} from "./ids.ts";
export { Constraint } from "./job/constraint.ts";
export {
  JobCompleted,
  JobFailed,
  JobQueued,
  JobRolledOut,
  JobRolloutHalted,
  JobStarted,
  JobStopped,
  JobSubmitted,
  JobTargeted,
  JobUpdated,
  SlotsQueued,
} from "./job/events.ts";
export { type JobLevelEvent, type JobState, jobMachine } from "./job/machine.ts";
export { Network } from "./job/network.ts";
export { RetryPolicy } from "./job/retry-policy.ts";
export {
  InputSource,
  JobSpec,
  jobTypes,
  ResourcesSpec,
  SpecConfig,
  standingTypes,
  Task,
  Timeouts,
} from "./job/spec.ts";
export { UpdateStrategy } from "./job/update-strategy.ts";
export { isShallow, levelsMax } from "./levels.ts";
export { type AnyEventKind, type Machine, type MachineRow, next } from "./machine.ts";
export {
  type Approval,
  approvals,
  drainModes,
  NodeApproved,
  NodeChanged,
  NodeDeleted,
  NodeDisconnected,
  NodeDrain,
  NodeDrainEnded,
  NodeDrainStarted,
  NodeForgotten,
  NodeJoined,
  NodeReconnected,
  NodeRejected,
} from "./node/events.ts";
export { Heartbeat, NodeInfo } from "./node/info.ts";
export { type NodeEvent, type NodeState, nodeMachine } from "./node/machine.ts";
export { checkParams } from "./params/check-params.ts";
export { dataUri } from "./params/data-uri.ts";
export { engineParams } from "./params/engines/index.ts";
export { publisherParams } from "./params/publishers/index.ts";
export { sourceParams } from "./params/sources/index.ts";
export { isPrefix, type S3SourceParams } from "./params/sources/s3.ts";
export { featureLevel, protocolLevel, protocolLevelMin } from "./protocol.ts";
export {
  addResources,
  noResources,
  type Parsed,
  parseBytes,
  parseCpu,
  parseGpu,
  type Resources,
  shortage,
  timesFitting,
} from "./quantities.ts";
export { HeldJob, NamespaceUse, QueuedJob, QueueSummary, queuedJobsMax } from "./queue-summary.ts";
export { Report, reportBytesMax } from "./report.ts";
export { SecretDeleted, SecretPut, SecretResealed } from "./secret/events.ts";
export { type SecretEvent, type SecretState, secretMachine } from "./secret/machine.ts";
export { SecretAnswer, SecretRequest, secretAnswerContext } from "./secret/request.ts";
export { SealedSecret, secretLimits } from "./secret/sealed-secret.ts";
export {
  isSecretReference,
  type SecretReference,
  secretNameProblem,
  secretReferenceOf,
} from "./secret/secret-reference.ts";
export { sha256 } from "./sha256.ts";
export { SlotSet, slotSetOf, slotsIn, slotsMax } from "./slots.ts";
export {
  type AggregateRef,
  aggregateOf,
  buckets,
  reporterOf,
  resultsBucketOf,
  shardIn,
  streams,
  subjectOf,
  subjects,
} from "./subjects.ts";
export { UploadAnswer, UploadRequest } from "./upload.ts";
export { shoalReleasedAt, shoalVersion } from "./version.ts";
export { type FromWire, fromWire, readBack, readParams, toWire } from "./wire/codec.ts";
export { type FoldedKeys, foldKeys, shownKey } from "./wire/fold-keys.ts";
export { wireJsonSchema } from "./wire/json-schema.ts";
export type { WireMeta } from "./wire/meta.ts";
export { wireName } from "./wire/names.ts";
