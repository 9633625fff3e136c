import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiBench } from "../testing/api-bench.ts";

type Bench = Awaited<ReturnType<typeof apiBench>>;

describe("a port that is bound ahead of the start", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await apiBench();
  });
  afterEach(() => bench.api.stop());

  const statusOf = async (path: string) => (await fetch(`${bench.api.url()}${path}`)).status;

  it("answers 503 until then, says why it is not ready, and answers afterwards", async () => {
    await bench.api.binding.start();
    const early = await fetch(`${bench.api.url()}/api/v1/agent/alive`);
    expect(early.status).toBe(503);
    expect(await early.text()).toContain("/readyz says why");
    expect(await statusOf("/healthz")).toBe(200);
    expect(await statusOf("/readyz")).toBe(200);
    await bench.api.start();
    expect(await statusOf("/api/v1/agent/alive")).toBe(200);
  });
});
