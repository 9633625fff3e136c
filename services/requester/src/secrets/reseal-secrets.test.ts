import { Fault, kinds } from "@shoal/core";
import { createSimulatedCluster, drive, type SimulatedCluster, sampleSpec } from "@shoal/core/testing";
import { newKeyPem } from "@shoal/node";
import type { JobSpec } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDispatcher } from "../owner/dispatcher.ts";
import { type MemoryPorts, memoryPorts } from "../testing/memory-ports.ts";
import { keyRing } from "./key-ring.ts";
import type { Resealing } from "./reseal-secrets.ts";
import { createSecrets, type Secrets } from "./secrets.ts";

const actor = { type: "client", id: "c-1" } as const;
const [old, next] = [newKeyPem(), newKeyPem()];
const values = { one: ["a-1", "a-2"], two: ["b-1"], three: ["c-1", "c-2", "c-3"] } as const;
const versionsInAll = 6;

let sim: SimulatedCluster;
let driving: { stop(): void };
let processes = 0;
beforeEach(async () => {
  sim = createSimulatedCluster({ seed: "reseal" });
  driving = drive(sim.clock);
  const secrets = processOf(old).secrets;
  for (const [name, all] of Object.entries(values))
    for (const value of all) await secrets.put({ namespace: "team", name }, value, actor);
});
afterEach(() => driving.stop());

/** A new requester process with these keys; `over` changes its ports. */
function processOf(pem: string, over: (ports: MemoryPorts) => MemoryPorts = (ports) => ports) {
  const by = `r-${processes++}`;
  const ports = over(memoryPorts(sim, by));
  const dispatcher = createDispatcher({ ports, kinds, by, local: () => undefined, onAppended: () => undefined });
  return { ports, secrets: createSecrets({ dispatcher, ports, keys: keyRing(pem) }) };
}

const referring = (env: Record<string, string>): JobSpec => {
  const spec = sampleSpec({ namespace: "team" });
  return { ...spec, tasks: spec.tasks.map((task) => ({ ...task, env })) };
};

/** Every stored version, opened. */
async function opened(secrets: Secrets) {
  const references = Object.entries(values).flatMap(([name, all]) =>
    all.map((_, index) => [`${name}_${index + 1}`.toUpperCase(), `secret:${name}@${index + 1}`] as const),
  );
  return await secrets.valuesOf(referring(Object.fromEntries(references)));
}
const everything = { ONE_1: "a-1", ONE_2: "a-2", TWO_1: "b-1", THREE_1: "c-1", THREE_2: "c-2", THREE_3: "c-3" };

async function resealAll(secrets: Secrets): Promise<Resealing> {
  const done = await secrets.reseal("", actor);
  return done.next === "" ? done : expect.unreachable();
}

describe("sealing all secrets to a new first key", () => {
  it("leaves every value as it was, and needs the old key no more", async () => {
    const { secrets } = processOf(next + old);
    expect(await resealAll(secrets)).toEqual({
      keyId: keyRing(next).keyId,
      resealed: versionsInAll,
      failed: [],
      next: "",
    });
    expect(await opened(processOf(next).secrets)).toEqual(everything);
    const keyIds = (await secrets.list("*")).flatMap(({ versions }) => versions.map(({ keyId }) => keyId));
    expect(new Set(keyIds)).toEqual(new Set([keyRing(next).keyId]));
    expect(await resealAll(secrets)).toMatchObject({ resealed: 0, failed: [] });
  });

  const cuts = Array.from({ length: versionsInAll }, (_, index) => index);
  describe.each(["before", "after"] as const)("when the process is killed %s a commit", (when) => {
    it.each(cuts)("number %i, loses no value, and the next call seals the rest", async (at) => {
      const killed = Promise.withResolvers<void>();
      const { secrets: first } = processOf(next + old, (ports) => {
        let appends = 0;
        const append: MemoryPorts["log"]["append"] = async (...args) => {
          const isLast = appends++ === at;
          const stored = isLast && when === "before" ? undefined : await ports.log.append(...args);
          if (stored !== undefined && !isLast) return stored;
          ports.proc.kill();
          killed.resolve();
          return await new Promise(() => undefined);
        };
        return { ...ports, log: { ...ports.log, append } };
      });
      void first.reseal("", actor);
      await killed.promise;
      const { secrets } = processOf(next + old);
      expect(await opened(secrets)).toEqual(everything);
      const done = await resealAll(secrets);
      expect(done).toMatchObject({ resealed: versionsInAll - at - (when === "after" ? 1 : 0), failed: [] });
      expect(await opened(processOf(next).secrets)).toEqual(everything);
    });
  });

  it("seals a secret that the view does not show yet", async () => {
    const unreachable = async () => Promise.reject(new Fault("LOG_UNREACHABLE", "the bucket has no leader"));
    const { secrets } = processOf(old, ({ views, ...ports }) => ({
      ...ports,
      views: { ...views, secrets: { ...views.secrets, put: unreachable } },
    }));
    await secrets.put({ namespace: "team", name: "four" }, "d-1", actor);
    expect((await secrets.list("*")).map(({ name }) => name)).not.toContain("four");
    const done = await resealAll(processOf(next + old).secrets);
    expect(done).toMatchObject({ resealed: versionsInAll + 1, failed: [] });
    const four = referring({ FOUR: "secret:four" });
    expect(await processOf(next).secrets.valuesOf(four)).toEqual({ FOUR: "d-1" });
  });

  it("names the versions whose key is missing, and seals the others", async () => {
    const other = newKeyPem();
    await processOf(other + old).secrets.put({ namespace: "team", name: "two" }, "b-2", actor);
    const done = await resealAll(processOf(next + old).secrets);
    expect(done).toMatchObject({ resealed: versionsInAll });
    expect(done.failed).toEqual([
      {
        namespace: "team",
        name: "two",
        version: 2,
        keyId: keyRing(other).keyId,
        why: expect.stringContaining("is not in"),
      },
    ]);
  });

  it("names a secret that cannot be read, and seals the others", async () => {
    sim.log.put({ kind: "secret", namespace: "team", id: "two" }, "damaged");
    const done = await resealAll(processOf(next + old).secrets);
    expect(done.resealed).toBe(versionsInAll - values.two.length);
    expect(done.failed).toEqual([
      { namespace: "team", name: "two", version: 0, keyId: "", why: expect.stringContaining("two") },
    ]);
  });

  it("continues after the secret that a call names", async () => {
    const { secrets } = processOf(next + old);
    // In order: one, three, two.
    expect(await secrets.reseal("team.three", actor)).toMatchObject({ resealed: 1, next: "" });
    expect(await secrets.reseal("", actor)).toMatchObject({ resealed: versionsInAll - 1 });
  });

  it("goes through any number of secrets in some calls", async () => {
    const { secrets } = processOf(old);
    for (let index = 0; index < 60; index++) await secrets.put({ namespace: "many", name: `s${index}` }, "v", actor);
    const rotated = processOf(next + old).secrets;
    const first = await rotated.reseal("", actor);
    expect(first).toMatchObject({ resealed: 50, next: expect.stringMatching(/^many\./) });
    expect(await rotated.reseal(first.next, actor)).toMatchObject({ resealed: 10 + versionsInAll, next: "" });
  });
});
