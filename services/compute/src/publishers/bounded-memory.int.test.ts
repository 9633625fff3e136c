import { describe, expect, it } from "vitest";
import { publishInProcess } from "./testing/publish-in-process.ts";

const mebibyte = 1024 * 1024;
const sizeBytes = 256 * mebibyte;
// 1 GiB of results may take 64 MiB of extra memory; this leaves a margin. What grows with the size would show at a quarter.
const grownMaxBytes = 48 * mebibyte;

describe("256 MiB of results take at most 48 MiB of memory", () => {
  it.each(["local", "s3", "s3managed", "nats"])("with the publisher %s", { timeout: 300_000 }, async (publisher) => {
    expect((await publishInProcess(publisher, sizeBytes)).grownBytes).toBeLessThanOrEqual(grownMaxBytes);
  });
});
