import { silentLogger } from "@shoal/core";
import { JobSpec, type UploadAnswer, type UploadRequest } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { memoryPorts } from "../testing/memory-ports.ts";
import { executionOf, jobIdOf, jobRef, steps, submitted } from "../testing/sample-jobs.ts";
import { createUploadGrants } from "./grant-uploads.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(() => harness.close());

const jobId = jobIdOf(1);
const spec = (publisher: string) =>
  JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" }, publisher: { type: publisher } }] });

/** A job that runs on n-one. */
async function assigned(publisher = "S3Managed"): Promise<UploadRequest> {
  await submitted(harness, jobId, spec(publisher));
  await harness.emit(jobRef(jobId), steps.assigned(jobId));
  await harness.emit(jobRef(jobId), steps.started(jobId));
  return { jobId, namespace: "default", executionId: executionOf(jobId) };
}

/** What a requester answers a node. */
async function ask(nodeId: string, request: UploadRequest, bucket = "managed"): Promise<UploadAnswer> {
  const handlers: ((nodeId: string, request: UploadRequest) => Promise<UploadAnswer>)[] = [];
  const grants = createUploadGrants({
    uploads: {
      onUpload: async (handler) => {
        handlers.push(handler);
        return { close: async () => {} };
      },
    },
    log: memoryPorts(harness.sim, "r-uploads").log,
    presign: async ({ method, key, expiresSeconds }) => `https://s3/${method}/${key}?${expiresSeconds}`,
    bucket: { bucket, prefix: "p", region: "", endpoint: "", expiresMs: 3_600_000 },
    logger: silentLogger,
  });
  await grants.start();
  const [handler] = handlers;
  const answer = await handler?.(nodeId, request);
  await grants.stop();
  return answer ?? expect.unreachable("no handler");
}

describe("a node that asks where to store a result", () => {
  it("gets a URL for one upload of that execution's object", async () => {
    const request = await assigned();
    const key = `p/${jobId}/${request.executionId}.tar.gz`;
    const url = `https://s3/PUT/${key}?3600`;
    expect(await ask("n-one", request)).toEqual({ granted: true, url, bucket: "managed", key });
  });

  it("gets none for an execution of another node", async () => {
    const why = expect.stringContaining("held by another node");
    expect(await ask("n-two", await assigned())).toEqual({ granted: false, why });
  });

  it("gets none for an execution that has ended", async () => {
    const request = await assigned();
    await harness.emit(jobRef(jobId), steps.completed(jobId));
    expect(await ask("n-one", request)).toEqual({ granted: false, why: expect.stringContaining("is completed") });
  });

  it("gets none for a task with another publisher", async () => {
    const why = expect.stringContaining("does not publish to s3managed");
    expect(await ask("n-one", await assigned("local"))).toEqual({ granted: false, why });
  });

  it.each([
    ["an unknown job", { jobId: jobIdOf(2) }],
    ["an unknown execution", { executionId: "e-9" }],
    ["another namespace", { namespace: "other" }],
    ["ids that are no tokens", { jobId: "*", namespace: ">" }],
  ])("gets none for %s", async (_what, changed) => {
    const answer = await ask("n-one", { ...(await assigned()), ...changed });
    expect(answer).toEqual({ granted: false, why: expect.stringMatching(/^no job .+ with an execution/) });
  });

  it("learns which setting is missing", async () => {
    const why = "this cluster has no results.s3managed.bucket";
    expect(await ask("n-one", await assigned(), "")).toEqual({ granted: false, why });
  });
});
