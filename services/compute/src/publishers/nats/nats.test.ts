import { createHash } from "node:crypto";
import { Fault } from "@shoal/core";
import { describe, expect, it } from "vitest";
import { publisherContract } from "../contract.ts";
import { unpack } from "../testing/unpack.ts";
import { nats, type ResultBucket } from "./nats.ts";

function memoryStore(): ResultBucket & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    bucket: "results-n-1",
    put: async (name, bytes) => {
      const whole = await new Response(bytes).bytes();
      objects.set(name, whole);
      return { sizeBytes: whole.length, digest: createHash("sha256").update(whole).digest("hex") };
    },
  };
}

const store = memoryStore();
const limitBytes = 10_000_000;

publisherContract("nats", {
  publisher: () => nats({ results: store, limitBytes }),
  fetch: async ({ type, params }) => {
    expect(type).toBe("nats");
    expect(params["Bucket"]).toBe("results-n-1");
    const object = store.objects.get(String(params["Object"]));
    expect(object?.length).toBe(params["SizeBytes"]);
    return unpack(object ?? new Uint8Array());
  },
});

describe("nats", () => {
  it("throws a retryable Fault when NATS cannot be reached", async () => {
    const away = { ...memoryStore(), put: () => Promise.reject(new Fault("LOG_UNREACHABLE", "no answer")) };
    const identity = { executionId: "e-1", jobId: "j-1", namespace: "default", nodeId: "n-1" };
    const signal = new AbortController().signal;
    const publishing = nats({ results: away, limitBytes }).publish({
      ...identity,
      params: {},
      folder: import.meta.dirname,
      signal,
    });
    await expect(publishing).rejects.toMatchObject({ code: "LOG_UNREACHABLE", retry: true });
  });
});
