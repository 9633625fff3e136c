import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiHarness } from "../testing/api-harness.ts";

type Harness = Awaited<ReturnType<typeof apiHarness>>;

describe("a port that is bound ahead of the start", () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await apiHarness();
  });
  afterEach(() => harness.api.stop());

  const statusOf = async (path: string) => (await fetch(`${harness.api.url()}${path}`)).status;

  it("answers 503 until then, with the failed checks, and serves requests afterwards", async () => {
    await harness.api.binding.start();
    const early = await fetch(`${harness.api.url()}/api/v1/agent/alive`);
    expect(early.status).toBe(503);
    expect(await early.text()).toContain("/readyz shows the reason");
    expect(await statusOf("/healthz")).toBe(200);
    expect(await statusOf("/readyz")).toBe(200);
    await harness.api.start();
    expect(await statusOf("/api/v1/agent/alive")).toBe(200);
  });
});
