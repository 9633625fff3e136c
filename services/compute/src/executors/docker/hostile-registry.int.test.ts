import { Fault } from "@shoal/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attack, type HostileRegistry, hostileRegistry } from "../../../../../test/images/hostile-registry.ts";
import { pullDefaults, pulls } from "./pulls.ts";
import { engineHarness, systemClock } from "./testing/engine-harness.ts";

const harness = await engineHarness("hostile");
const { engine, missing } = harness;
const suite = missing === undefined ? "a hostile registry" : `a hostile registry (skipped: ${missing})`;

let registry: HostileRegistry;
beforeAll(async () => {
  if (missing === undefined) registry = await hostileRegistry();
});
afterAll(async () => {
  await registry?.close();
  await harness.close();
});

const mebibyte = 1024 * 1024;
// 64 MiB is many times the declared size of these images, and arrives on loopback within a second.
const limits = { ...pullDefaults, imageBytes: 64 * mebibyte };

/** The result of a pull, and everything of it that a job's owner can read. */
async function pull(attack: Attack, more: Partial<typeof limits> = {}) {
  const lines: string[] = [];
  const failure: unknown = await pulls(engine, systemClock, { ...limits, ...more })
    .pull(registry.image(attack), (line) => lines.push(line))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(failure instanceof Fault)) throw new Error(`expected a Fault, got ${String(failure)}`);
  return { code: failure.code, retry: failure.retry, why: failure.why, lines };
}

/** The result of each attack. ENGINE_FAILED is retried on another node, TASK_INVALID is not retried. */
const ends: Readonly<Record<Exclude<Attack, "slow-layer">, { code: string; why: RegExp }>> = {
  "endless-layer": { code: "TASK_INVALID", why: /limit of 67108864 bytes/ },
  "wrong-digest": { code: "ENGINE_FAILED", why: /verification failed/ },
  "huge-manifest": { code: "ENGINE_FAILED", why: /pulling / },
  "deep-manifest": { code: "ENGINE_FAILED", why: /pulling / },
  "redirected-manifest": { code: "ENGINE_FAILED", why: /pulling / },
  "redirected-layer": { code: "ENGINE_FAILED", why: /verification failed/ },
  "redirected-refusal": { code: "ENGINE_FAILED", why: /pulling / },
  "refused-layer": { code: "ENGINE_FAILED", why: /pulling / },
  "foreign-realm": { code: "ENGINE_FAILED", why: /pulling / },
  "long-refusal": { code: "ENGINE_FAILED", why: /500/ },
};

describe.skipIf(missing !== undefined)(suite, () => {
  it.each(Object.entries(ends) as [Exclude<Attack, "slow-layer">, (typeof ends)["wrong-digest"]][])(
    "that tries %s ends the pull with a short reason, and reveals nothing",
    async (attack, end) => {
      const { code, retry, why, lines } = await pull(attack);
      expect({ code, retry, why }).toEqual({
        code: end.code,
        retry: end.code === "ENGINE_FAILED",
        why: expect.stringMatching(end.why),
      });
      expect(why).toContain(registry.image(attack));
      // The engine's message, of at most 1000 characters, and Shoal's.
      expect(why.length).toBeLessThan(1_100);
      expect(`${why}${lines.join("")}`).not.toContain(registry.secret.slice(0, 4));
    },
  );

  it("redirects the engine to other services of the machine, as documented; their answers reach no job", async () => {
    const before = registry.metadataAsked();
    for (const attack of ["redirected-manifest", "redirected-layer", "foreign-realm"] as const) await pull(attack);
    expect(registry.metadataAsked() - before).toBeGreaterThanOrEqual(3);
  });

  it("sends no more than the limit, and nothing after the pull has ended", async () => {
    const before = registry.sentBytes();
    await pull("endless-layer");
    const sent = registry.sentBytes();
    // Data in socket buffers, and what the engine reads between two progress messages.
    expect(sent - before).toBeLessThan(limits.imageBytes + 256 * mebibyte);
    let last = sent;
    const more = () => {
      const seen = last;
      last = registry.sentBytes();
      return last - seen;
    };
    await expect.poll(more, { interval: 200, timeout: 10_000 }).toBe(0);
  });

  it("cannot prolong a pull beyond its limit by sending single bytes", async () => {
    expect(await pull("slow-layer", { pullMs: 1_000 })).toMatchObject({
      code: "ENGINE_FAILED",
      retry: true,
      why: expect.stringContaining("the pull takes longer than 1 s"),
    });
  });
});
