import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import type { SpecConfig } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Publisher, PublishRequest } from "./publisher.ts";

/** The parameters of the contract. */
export interface PublisherHarness {
  /** Creates the publisher; `folder` is an empty folder for it. */
  readonly publisher: (folder: string) => Publisher;
  /** The params of a job; none when it is absent. */
  readonly params?: () => object;
  /** Fetches what was published, as a client would: the texts of files by path. */
  readonly fetch: (result: SpecConfig) => Promise<ReadonlyMap<string, string>>;
  /** Equal results have equal addresses, whatever execution they are of. */
  readonly byContent?: boolean;
  /** Why the whole suite cannot run here; undefined when it can. */
  readonly missing?: string | undefined;
}

/** The suite that every publisher passes; called from a test file beside the publisher. */
export function publisherContract(name: string, harness: PublisherHarness): void {
  const title = `${name}, as a publisher${harness.missing === undefined ? "" : ` (skipped: ${harness.missing})`}`;
  describe.skipIf(harness.missing !== undefined)(title, () => {
    const stage = onStage(harness);

    it("is available", async () => {
      expect(await stage().publisher.unavailable()).toBeUndefined();
    });
    it("publishes every file completely", async () => {
      const { publisher, results } = stage();
      const result = await publisher.publish(results);
      expect(Object.fromEntries(await harness.fetch(result))).toEqual({
        stdout: "hello\n",
        stderr: "",
        exitCode: "0",
        "made/deep/er/file.txt": "made",
        "made/large": "x".repeat(1_000_000),
        "other/file.txt": "another output",
      });
    });
    it("gives the same result for the same execution", async () => {
      const { publisher, results } = stage();
      expect(await publisher.publish(results)).toEqual(await publisher.publish(results));
    });
    it("can be closed twice, and the node's next process gives the same result", async () => {
      const { publisher, another, results } = stage();
      const before = await publisher.publish(results);
      await publisher.close();
      await publisher.close();
      const next = another();
      expect(await next.publish(results)).toEqual(before);
      expect(await harness.fetch(before)).toEqual(await harness.fetch(await next.publish(results)));
    });
    it("publishes executions concurrently", async () => {
      const { publisher, results } = stage();
      const ids = ["e-1", "e-2", "e-3"];
      const all = await Promise.all(ids.map((executionId) => publisher.publish({ ...results, executionId })));
      expect(new Set(all.map((result) => JSON.stringify(result))).size).toBe(
        harness.byContent === true ? 1 : ids.length,
      );
    });
    it("publishes nothing that a link outside the folder leads to", async () => {
      const { publisher, results, root } = stage();
      await writeFile(join(root, "secret"), "secret");
      await symlink(join(root, "secret"), join(results.folder, "made", "absolute"));
      await symlink("../../secret", join(results.folder, "made", "relative"));
      await symlink(root, join(results.folder, "made", "folder"));
      const fetched = await harness.fetch(await publisher.publish(results));
      expect([...fetched.values()]).not.toContain("secret");
      expect([...fetched.keys()].some((path) => path.includes("absolute") || path.includes("relative"))).toBe(false);
    });
    it("throws a Fault when it is aborted, and when the folder is missing", async () => {
      const { publisher, results } = stage();
      const ended = publisher.publish({ ...results, signal: AbortSignal.abort() });
      await expect(ended).rejects.toBeInstanceOf(Fault);
      const absent = publisher.publish({ ...results, executionId: "e-absent", folder: join(results.folder, "absent") });
      await expect(absent).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    });
    it("refuses unknown params", () => {
      expect(stage().publisher.params.safeParse({ ...harness.params?.(), Nonsense: 1 }).success).toBe(false);
    });
  });
}

interface PublisherFixture {
  readonly root: string;
  readonly publisher: Publisher;
  /** A new publisher on the same folder, as the node's next process would create it. */
  readonly another: () => Publisher;
  readonly results: PublishRequest;
}

function onStage(harness: PublisherHarness): () => PublisherFixture {
  let stage: PublisherFixture | undefined;
  let open: Publisher[] = [];
  beforeEach(async () => {
    const root = await mkdtemp(join(tmpdir(), "shoal-publisher-"));
    const folder = join(root, "results");
    await mkdir(join(folder, "made", "deep", "er"), { recursive: true });
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other", "file.txt"), "another output");
    await writeFile(join(folder, "stdout"), "hello\n");
    await writeFile(join(folder, "stderr"), "");
    await writeFile(join(folder, "exitCode"), "0");
    await writeFile(join(folder, "made", "deep", "er", "file.txt"), "made");
    await writeFile(join(folder, "made", "large"), "x".repeat(1_000_000));
    open = [];
    const another = () => {
      const publisher = harness.publisher(join(root, "published"));
      open.push(publisher);
      return publisher;
    };
    const identity = { executionId: "e-contract", jobId: "j-contract", namespace: "default", nodeId: "n-contract" };
    const publisher = another();
    const params = publisher.params.parse(harness.params?.() ?? {});
    const results = { ...identity, params, folder, signal: new AbortController().signal };
    stage = { root, publisher, another, results };
  });
  afterEach(async () => {
    for (const publisher of open) await publisher.close();
    if (stage !== undefined) await rm(stage.root, { recursive: true, force: true });
  });
  return () => {
    if (stage === undefined) throw new Error("the stage is set before each test");
    return stage;
  };
}
