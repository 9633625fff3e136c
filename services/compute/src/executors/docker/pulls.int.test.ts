import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "@shoal/core";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImageRegistry, imageRegistry } from "../../../../../test/images/image-registry.ts";
import { pullDefaults, pulls } from "./pulls.ts";
import { engineHarness, enginePath, systemClock } from "./testing/engine-harness.ts";
import { severableSocket } from "./testing/severable-socket.ts";

const harness = await engineHarness("pulls");
const { engine, missing } = harness;

let registry: ImageRegistry;
beforeAll(async () => {
  if (missing !== undefined) return;
  registry = await imageRegistry(engine, harness.image);
  // From here on only the registry has its layers.
  await engine.getImage(harness.image).remove({ force: true });
});
afterAll(async () => {
  await registry?.close();
  await harness.close();
  // Removes what a failed test has left.
  if (registry !== undefined)
    await engine
      .getImage(registry.image)
      .remove({ force: true })
      .catch(() => {});
});

describe.skipIf(missing !== undefined)(missing === undefined ? "pulls" : `pulls (skipped: ${missing})`, () => {
  it("pulls a missing image before the start, and logs the progress", async () => {
    const workload = harness.workload({ Image: registry.image, Entrypoint: ["/bin/echo", "hello"] });
    const running = await harness.executor().start(workload);
    expect(await running.exit).toEqual({ exitCode: 0 });
    expect(workload.printed("stdout")).toBe("hello\n");
    const lines = workload.printed("stderr").trimEnd().split("\n");
    expect(lines.every((line) => line.startsWith(`${registry.image}: `))).toBe(true);
    expect(lines).toContainEqual(expect.stringMatching(/: [0-9a-f]{12} Pull complete$/));
    expect(new Set(lines).size).toBe(lines.length);
    await harness.executor().sweep(new Set());
    await engine.getImage(registry.image).remove({ force: true });
  });

  it("shares one pull between concurrent workloads of one image, and logs to all of them", async () => {
    // Each pull asks the registry once for the tag.
    const pullsSeen = () => registry.asked.get("/v2/held/manifests/1") ?? 0;
    const before = pullsSeen();
    const logged: string[][] = [[], []];
    const images = pulls(engine, systemClock, pullDefaults);
    await Promise.all(logged.map((lines) => images.pull(registry.image, (line) => lines.push(line))));
    expect(pullsSeen() - before).toBe(1);
    expect(logged[0]).not.toEqual([]);
    expect(logged[1]).toEqual(logged[0]);
    await engine.getImage(registry.image).remove({ force: true });
    await images.pull(registry.image, () => {});
    expect(pullsSeen() - before).toBe(2);
    await engine.getImage(registry.image).remove({ force: true });
  });

  it("reports a missing image as a final failure", async () => {
    const start = harness.executor().start(harness.workload({ Image: registry.absent }));
    await expect(start).rejects.toMatchObject({ code: "TASK_INVALID", why: expect.stringContaining(registry.absent) });
  });

  it("fails with a retry on another node when the registry cannot be reached", async () => {
    // No process listens on port 1.
    const start = harness.executor().start(harness.workload({ Image: "127.0.0.1:1/absent:1" }));
    await expect(start).rejects.toMatchObject({ code: "ENGINE_FAILED", retry: true });
  });

  it("fails at once when the engine goes away while it pulls", async () => {
    registry.bidServer("/blobs/");
    const socket = await severableSocket(join(await harness.folder("door"), "s"), enginePath);
    const pull = pulls(new Docker({ socketPath: socket.path }), manualClock(), pullDefaults).pull(
      registry.image,
      () => void socket.sever(),
    );
    await expect(pull).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  });

  it("leaves a hanging pull when its signal fires, and aborts it when no other workload waits for it", async () => {
    registry.bidServer("/manifests/");
    const asked = () => registry.asked.get("/v2/held/manifests/1") ?? 0;
    const before = asked();
    const images = pulls(engine, systemClock, pullDefaults);
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const pull = ({ signal }: AbortController) => images.pull(registry.image, () => {}, signal);
    const [one, other] = [pull(first), pull(second)];
    await expect.poll(() => asked() - before).toBe(1);
    first.abort();
    await expect(one).rejects.toMatchObject({ code: "STOPPED" });
    expect(await Promise.race([other, setImmediate("waits")])).toBe("waits");
    second.abort();
    await expect(other).rejects.toMatchObject({ code: "STOPPED" });
    // The next pull does not join the aborted one.
    const next = pull(third);
    await expect.poll(() => asked() - before).toBe(2);
    third.abort();
    await expect(next).rejects.toMatchObject({ code: "STOPPED" });
  });

  it("gives up on a registry that is silent for too long", async () => {
    registry.bidServer("/v2/");
    const clock = manualClock();
    const pull = pulls(engine, clock, pullDefaults).pull(registry.image, () => {});
    const ended = expect(pull).rejects.toMatchObject({ code: "ENGINE_FAILED", why: expect.stringContaining("300 s") });
    clock.moveTo(300_000);
    await setImmediate();
    await ended;
  });
});

function manualClock(): Clock & { moveTo(at: number): void } {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    at: (at, callback) => {
      const timer = { at, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    moveTo: (at) => {
      now = at;
      for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.callback();
    },
  };
}
