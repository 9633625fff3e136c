import { describe, expect, it } from "vitest";
import { publishInProcess } from "./testing/publish-in-process.ts";

const mebibyte = 1024 * 1024;
const sizeBytes = 256 * mebibyte;
// Three parts of 5 MiB and the buffers of an archive are 20 MiB. 1 GiB of results may take 64 MiB; what grows with the size shows at a
// quarter.
const grownMaxBytes = 28 * mebibyte;

describe("256 MiB of results take at most 28 MiB of memory", () => {
  it.each(["local", "s3", "s3managed", "nats"])("with the publisher %s", { timeout: 300_000 }, async (publisher) => {
    expect((await publishInProcess(publisher, sizeBytes)).grownBytes).toBeLessThanOrEqual(grownMaxBytes);
  });
});
