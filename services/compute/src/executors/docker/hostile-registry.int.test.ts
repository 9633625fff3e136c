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
// 64 MiB is many times what these images claim to be worth, and arrives on loopback within a second.
const limits = { ...pullDefaults, imageBytes: 64 * mebibyte };

/** What a pull ends with, and all that a job's owner gets to read of it. */
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

/** What each attack comes to. ENGINE_FAILED is tried on another node, TASK_INVALID nowhere. */
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
    "that tries %s ends the pull with a short reason, and learns and shows nothing",
    async (attack, end) => {
      const { code, retry, why, lines } = await pull(attack);
      expect({ code, retry, why }).toEqual({
        code: end.code,
        retry: end.code === "ENGINE_FAILED",
        why: expect.stringMatching(end.why),
      });
      expect(why).toContain(registry.image(attack));
      // The engine's words, of at most 1000 characters, and ours.
      expect(why.length).toBeLessThan(1_100);
      expect(`${why}${lines.join("")}`).not.toContain(registry.secret.slice(0, 4));
    },
  );

  it("leads the engine to other services of the machine, which the docs say; what they answer reaches no job", async () => {
    const before = registry.metadataAsked();
    for (const attack of ["redirected-manifest", "redirected-layer", "foreign-realm"] as const) await pull(attack);
    expect(registry.metadataAsked() - before).toBeGreaterThanOrEqual(3);
  });

  it("gets no more than the limit from the engine, and nothing more once the pull has ended", async () => {
    const before = registry.sentBytes();
    await pull("endless-layer");
    const sent = registry.sentBytes();
    // What lies in sockets, and what the engine reads between two words about its progress.
    expect(sent - before).toBeLessThan(limits.imageBytes + 256 * mebibyte);
    let last = sent;
    const more = () => {
      const seen = last;
      last = registry.sentBytes();
      return last - seen;
    };
    await expect.poll(more, { interval: 200, timeout: 10_000 }).toBe(0);
  });

  it("cannot keep a pull for longer than its limit by sending a byte now and then", async () => {
    expect(await pull("slow-layer", { pullMs: 1_000 })).toMatchObject({
      code: "ENGINE_FAILED",
      retry: true,
      why: expect.stringContaining("the pull takes longer than 1 s"),
    });
  });
});
