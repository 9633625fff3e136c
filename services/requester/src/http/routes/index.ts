import { agentAlive } from "./agent-alive.ts";
import { agentAuthConfig } from "./agent-authconfig.ts";
import { agentConfig } from "./agent-config.ts";
import { agentDebug } from "./agent-debug.ts";
import { agentNode } from "./agent-node.ts";
import { agentVersion } from "./agent-version.ts";
import { authMethod } from "./auth-method.ts";
import { authMethods } from "./auth-methods.ts";
import { authenticate } from "./authenticate.ts";
import { clusterStatus } from "./cluster-status.ts";
import { deleteSecret } from "./delete-secret.ts";
import { diffJob } from "./diff-job.ts";
import { events } from "./events.ts";
import { explainJob } from "./explain-job.ts";
import { finishUpgrade } from "./finish-upgrade.ts";
import { getJob } from "./get-job.ts";
import { getNode } from "./get-node.ts";
import { healthz } from "./healthz.ts";
import { jobExecutions } from "./job-executions.ts";
import { jobHistory } from "./job-history.ts";
import { jobLogs } from "./job-logs.ts";
import { jobResults } from "./job-results.ts";
import { jobVersions } from "./job-versions.ts";
import { listJobs } from "./list-jobs.ts";
import { listNodes } from "./list-nodes.ts";
import { listSecrets } from "./list-secrets.ts";
import { nodeHistory } from "./node-history.ts";
import { openapi } from "./openapi.ts";
import { putSecret } from "./put-secret.ts";
import { readyz } from "./readyz.ts";
import { redirects } from "./redirects.ts";
import { rerunJob } from "./rerun-job.ts";
import { resealSecrets } from "./reseal-secrets.ts";
import { resultObject } from "./result-object.ts";
import { stopJob } from "./stop-job.ts";
import { submitJob } from "./submit-job.ts";
import { updateNode } from "./update-node.ts";

/** The handler of every route of the table. */
export const handlers = [
  submitJob,
  listJobs,
  getJob,
  stopJob,
  rerunJob,
  explainJob,
  diffJob,
  jobExecutions,
  jobHistory,
  jobVersions,
  jobResults,
  jobLogs,
  resultObject,
  events,
  listNodes,
  getNode,
  nodeHistory,
  updateNode,
  listSecrets,
  putSecret,
  deleteSecret,
  resealSecrets,
  clusterStatus,
  finishUpgrade,
  agentAlive,
  agentVersion,
  agentNode,
  agentConfig,
  agentAuthConfig,
  agentDebug,
  healthz,
  readyz,
  authMethods,
  authMethod,
  authenticate,
  openapi,
  ...redirects,
] as const;
