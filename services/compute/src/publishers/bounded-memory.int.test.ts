import { describe, expect, it } from "vitest";
import { publishInProcess } from "./testing/publish-in-process.ts";

const mebibyte = 1024 * 1024;
// Three parts of 5 MiB and the buffers of an archive are 20 MiB. 1 GiB of results may take 64 MiB; what grows with the size shows at an
// eighth, and for S3, whose parts stayed in memory longest, at a quarter.
const grownMaxBytes = 28 * mebibyte;

describe("publishing takes at most 28 MiB of memory", () => {
  it.each([
    ["local", 128],
    ["s3", 256],
    ["s3managed", 128],
    ["nats", 128],
  ])("with the publisher %s and %i MiB of results", { timeout: 300_000 }, async (publisher, mebibytes) => {
    const { grownBytes } = await publishInProcess(publisher, mebibytes * mebibyte);
    expect(grownBytes).toBeLessThanOrEqual(grownMaxBytes);
  });
});
