export {
  type Aggregate,
  applyCommit,
  commandIdsMax,
  foldAggregate,
  noAggregate,
} from "./aggregate.ts";
export { type Clock, pause } from "./clock.ts";
export {
  type ConfigSources,
  listOf,
  readConfig,
  type Setting,
  secret,
  settingsOf,
  shownConfig,
  yesOrNo,
} from "./config/config.ts";
export { resultWithin, type TimeLimit, type WaitLimit, within } from "./deadline.ts";
export type { Decision, Draft, Evolve, Moment, Rejection } from "./decider.ts";
export { explainJob } from "./explain/explain-job.ts";
export { assert, Bug, causeOf, Fault } from "./fault.ts";
export { featureLevelOf } from "./feature-level.ts";
export { type CloudEvent, cloudEventOf } from "./feed.ts";
export { foldCommit, foldJob, foldNode } from "./fold.ts";
export { type ObjectPartition, partitionOfObject } from "./input/object-partition.ts";
export type { JobCommand, JobCommands, Preemptor, SlotPlacement } from "./job/commands.ts";
export { decideJob } from "./job/decide.ts";
export { executionEntities, jobEntity, versionEntities } from "./job/entity.ts";
export { evolveJob, type JobEvent } from "./job/evolve.ts";
export { historyOf } from "./job/history.ts";
export {
  type Execution,
  executionOf,
  executionsOf,
  isLive,
  isOver,
  isSettledJob,
  type Job,
  type JobHeader,
  type JobVersion,
  liveExecutions,
  type Placement,
  type SlotState,
  specOf,
} from "./job/job.ts";
export { jobTypes } from "./job/job-types/index.ts";
export type { EndedExecution, JobType, JobTypeDefaults, JobTypes, JobVerdict } from "./job/job-types/job-type.ts";
export { createJobKind, jobKind } from "./job/kind.ts";
export { jobLimits } from "./job/limits.ts";
export { preemptsUpTo } from "./job/preempt.ts";
export { isSameRequest, requested, reservedPrefix, serverKeys } from "./job/same-request.ts";
export {
  type Effect,
  type EffectAnswered,
  type Kind,
  type NamedCommand,
  noReaction,
  type Reaction,
  type Slot,
  type World,
} from "./kind.ts";
export { eventsOf, type Kinds, kinds } from "./kinds.ts";
export { hostOfHeader, isAddress, isLoopback } from "./loopback.ts";
export { forgetAfterMs, type NodeCommand } from "./node/decide.ts";
export { nodeKind } from "./node/kind.ts";
export type { ClusterNode } from "./node/node.ts";
export { type Paced, paced } from "./paced.ts";
export { evaluateAll, no, type Policy, type Verdict, yes } from "./policy.ts";
export type { BidClient, BidServer } from "./ports/bidding.ts";
export type { CommandBus, CommandEnvelope, CommandReply } from "./ports/commands.ts";
export {
  type EventLog,
  type Following,
  type LogFilter,
  type LogRange,
  type LogReading,
  noStreamPosition,
  type ScanReading,
  type StoredCommit,
  type StreamPosition,
  type UnreadableCommit,
} from "./ports/event-log.ts";
export type { Lease, LeaseSnapshot, Leases, LeaseWatcher, MemberInfo } from "./ports/leases.ts";
export type { LogChunk, LogReader, LogSender, LogStream, OutputReader, PlacedChunk } from "./ports/log-stream.ts";
export { type Logger, silentLogger } from "./ports/logger.ts";
export type { Positions, StoredPosition, ViewPosition } from "./ports/positions.ts";
export type { QueueSummaries } from "./ports/queue-summaries.ts";
export type { Random } from "./ports/random.ts";
export type { OutgoingReport, ReceivedReport, ReportQueue, ReportReading, ReportSender } from "./ports/report-queue.ts";
export type { UploadClient, UploadServer } from "./ports/uploads.ts";
export {
  type BucketPosition,
  isEntryKey,
  type ViewChange,
  type ViewEntry,
  type ViewFollower,
  type ViewFollowing,
  type ViewStore,
  type ViewWatch,
  type ViewWatcher,
} from "./ports/view-store.ts";
export { type Process, runUntil } from "./process.ts";
export {
  type CommitReader,
  type CommitReading,
  commitReader,
  faultOf,
  isCommit,
  isUnreadableCode,
  unknownKind,
} from "./read-commit.ts";
export { type Registry, registry } from "./registry.ts";
export { type Backoff, backoffMs, jittered } from "./retry.ts";
export { failuresOf } from "./schedule/candidate.ts";
export { chooseVictims, compareVictims, type PreemptibleExecution } from "./schedule/choose-victims.ts";
export { isPreference, preferencesMet, selects, unmetBy } from "./schedule/constraints.ts";
export { EligibleNodes } from "./schedule/eligible-nodes.ts";
export { filters } from "./schedule/filters/index.ts";
export { askedOf, hostVariableOf, requirementsOf } from "./schedule/requirements.ts";
export { explainShortage, rank, scheduleLimits } from "./schedule/schedule.ts";
export { advertisesSame, classKeyOf, SchedulingClass } from "./schedule/scheduling-class.ts";
export { type SecretCommand, secretKind } from "./secret/kind.ts";
export type { Secret, SecretVersion } from "./secret/secret.ts";
export { assignments as assignmentView } from "./views/assignments.ts";
export { type ByBucket, byBucket, type ViewStores, viewBuckets } from "./views/buckets.ts";
export { jobViews, nodeViews, secretViews } from "./views/index.ts";
export { type OpenEntry, openChange, openKeyOf, openValueOf, readOpenEntry } from "./views/open.ts";
export {
  type BucketDefinition,
  type Change,
  changes,
  type EntrySource,
  entries,
  entryOf,
  sourceOfEntry,
  type View,
} from "./views/view.ts";
