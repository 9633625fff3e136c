export type { AuthenticationSettings } from "./connection/authentication-settings.ts";
export { type ConnectOptions, connect } from "./connection/connect.ts";
export type { NatsErrorLevel, OnNatsError } from "./connection/nats-error-report.ts";
export type { NatsSession } from "./connection/nats-session.ts";
export { checkNatsSettings, connectionOf, type NatsSettings, natsSettings } from "./connection/nats-settings.ts";
export { exposureOf, readSecretFile, type SecretFile } from "./connection/secret-file.ts";
export { abandonOn, signalOf } from "./connection/stopping.ts";
export type { PlaceRecord } from "./connection/write-record.ts";
export {
  type EncodedCommit,
  type EventMessage,
  encodeCommit,
  type MessageReader,
  messageReader,
} from "./event-log/commit-codec.ts";
export type { ScannedMessage, ScanReader } from "./event-log/scan.ts";
export {
  clockCheck,
  type HealthCheck,
  isStuck,
  isWrong,
  logChecks,
  type Readiness,
  readinessOf,
  summaryOf,
} from "./health/checks.ts";
export {
  type ClockOffset,
  createLogHealthWatch,
  healthTimes,
  type LogHealth,
  type LogHealthWatch,
} from "./health/log-health.ts";
export { connectNode, type NodeOptions, type NodePorts } from "./node-ports.ts";
export { acceptLoss, type LossAccepted } from "./repair/accept-loss.ts";
export type { AcceptedLoss } from "./repair/accepted-loss.ts";
export { connectRequester, type NatsRequesterPorts, type RequesterOptions } from "./requester-ports.ts";
export type { ObjectInfo, ObjectReader } from "./results/object-reader.ts";
export type { Results, StoredResult } from "./results/results.ts";
export {
  type NodeGrants,
  permissionsOfNode,
  permissionsOfObserver,
  permissionsOfRequester,
  type SubjectRights,
  type UserRights,
} from "./rights/rights.ts";
export { findServer, type ServerProgram } from "./server/find-server.ts";
export { type ServerCluster, type ServerSettings, type ServerUser, serverConfig } from "./server/server-config.ts";
export { type RunningServer, startServer } from "./server/start-server.ts";
export type { TopologyReport } from "./topology/topology.ts";
export {
  markerMs,
  type StorageLimits,
  type StreamPlan,
  storageDefaults,
} from "./topology/topology-data.ts";
export { decodeEntry, encodeEntry } from "./views/entry-codec.ts";
export type { KnownPosition } from "./views/newest-known.ts";
export { type BucketReader, readAll } from "./views/read-all.ts";
