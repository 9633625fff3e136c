import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { noStreamPosition, type StoredCommit, silentLogger } from "@shoal/core";
import { connectNode, connectRequester, type NatsRequesterPorts, type NodePorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { commitVersion, type ExecutionEntity, JobSpec, JobSubmitted, type StoredEvent } from "@shoal/proto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { permissionsOfNode, permissionsOfRequester } from "../../libs/nats/src/rights/rights.ts";
import { type NatsHarness, natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { s3managed } from "../../services/compute/src/publishers/s3managed/s3managed.ts";
import { type S3Server, startS3Server } from "../../services/compute/src/testing/s3/s3-server.ts";
import { createUploadGrants } from "../../services/requester/src/results/grant-uploads.ts";
import { createResultStores } from "../../services/requester/src/results/index.ts";
import { presigner } from "../../services/requester/src/results/presigner.ts";
import {
  executionOf as executionIdOf,
  jobIdOf,
  jobRef,
  steps,
} from "../../services/requester/src/testing/sample-jobs.ts";

const pass = "secret";
const jobId = jobIdOf(1);
const executionId = executionIdOf(jobId);

let s3: S3Server;
let harness: NatsHarness;
let requester: NatsRequesterPorts;
let [holder, other]: readonly NodePorts[] = [];
let folder = "";
beforeEach(async () => {
  s3 = await startS3Server();
  vi.stubEnv("AWS_ACCESS_KEY_ID", s3.accessKey.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", s3.accessKey.secretAccessKey);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  const nodes = ["n-one", "n-two"];
  const users = [
    { user: "requester", password: pass, rights: permissionsOfRequester() },
    ...nodes.map((user) => ({ user, password: pass, rights: permissionsOfNode(user) })),
  ];
  harness = await natsHarness({ users, topology: false });
  const base = { clock: systemClock(), random: systemRandom, servers: [harness.server().url], pass };
  const own = { requesterId: "r-1", replicas: 1, onParked: () => undefined };
  requester = await connectRequester({ ...base, ...own, user: "requester" });
  [holder, other] = await Promise.all(nodes.map((nodeId) => connectNode({ ...base, nodeId, user: nodeId })));
  folder = join(await mkdtemp(join(tmpdir(), "shoal-managed-")), "results");
  await mkdir(folder);
  await writeFile(join(folder, "stdout"), "hello\n");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([holder?.close(), other?.close(), requester.close()]);
  await Promise.all([harness.close(), s3[Symbol.asyncDispose]()]);
  await rm(join(folder, ".."), { recursive: true, force: true });
});

/** Writes the history of a job that runs on n-one. */
async function history(...events: readonly StoredEvent[]): Promise<void> {
  const commit = {
    ...{ v: commitVersion, id: "c-1", at: 1, by: "r-1", epoch: 0, prev: noStreamPosition.hash, events },
    ...{ actor: { type: "requester", id: "r-1" }, cause: { command: "test" } },
  } satisfies StoredCommit["commit"];
  await requester.log.append(jobRef(jobId), noStreamPosition, commit);
}

const publish = ({ uploads }: NodePorts) =>
  s3managed({ uploads, reach: { loopback: true, linkLocal: false }, limitBytes: 1_000_000 }).publish({
    ...{ executionId, jobId, namespace: "default", nodeId: "n-one", params: {}, folder },
    signal: new AbortController().signal,
  });

it("a node stores its result without credentials, another node cannot, and a client fetches it", async () => {
  const settings = {
    s3: { presigned: true, expiresMs: 60_000, buckets: [] },
    s3managed: { bucket: s3.bucket, prefix: "shoal", region: "", endpoint: s3.endpoint, expiresMs: 60_000 },
  };
  const presign = presigner(systemClock(), {});
  const parts = { uploads: requester.uploads, log: requester.log, presign, logger: silentLogger };
  const grants = createUploadGrants({ ...parts, bucket: settings.s3managed });
  await grants.start();
  const spec = JobSpec.parse({
    type: "batch",
    tasks: [{ engine: { type: "noop" }, publisher: { type: "s3managed" } }],
  });
  await history(JobSubmitted.of({ jobId, spec, version: 1 }), steps.assigned(jobId));

  await expect(publish(other ?? expect.unreachable())).rejects.toThrow(/held by another node/);
  expect(s3.objects.size).toBe(0);
  const publishedResult = await publish(holder ?? expect.unreachable());
  expect([...s3.objects.keys()]).toEqual([`shoal/${jobId}/${executionId}.tar.gz`]);
  await grants.stop();

  const execution = { id: executionId, jobId, nodeId: "n-one", publishedResult } as unknown as ExecutionEntity;
  const store = createResultStores(settings, { presign, logger: silentLogger }).get(publishedResult.type);
  const link = await store?.link({ execution, publisher: { type: "s3managed", params: {} }, baseUrl: "" });
  const answer = await fetch(String(link?.params["PreSignedURL"]));
  expect(gunzipSync(await answer.bytes()).toString()).toContain("hello\n");
});
