import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPrng, seededRandom } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { nodeIdIn } from "./node-id.ts";

it("creates a node's id once and stores it, and refuses an invalid one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-node-id-"));
  const random = seededRandom(createPrng(1));
  try {
    const made = nodeIdIn(folder, random);
    expect(made).toMatch(/^n-[0-9a-f-]{36}$/);
    expect(nodeIdIn(folder, random)).toBe(made);
    await writeFile(join(folder, "node-id"), "a.b");
    expect(() => nodeIdIn(folder, random)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  } finally {
    await rm(folder, { recursive: true });
  }
});
