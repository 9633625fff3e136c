import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ImageRegistry, imageRegistry } from "../../../../../test/images/image-registry.ts";
import { engineHarness } from "./testing/engine-harness.ts";

const harness = await engineHarness("images");
const { engine, missing } = harness;
const suite = missing === undefined ? "images" : `images (skipped: ${missing})`;
const login = { username: "reader", password: "open-sesame" };
const echo = (image: string) => ({ Image: image, Entrypoint: ["/bin/echo", "hello"] });

let closed: ImageRegistry;
let foreign: ImageRegistry;
beforeAll(async () => {
  if (missing !== undefined) return;
  closed = await imageRegistry(engine, harness.image, { login });
  foreign = await imageRegistry(engine, harness.image, { architecture: "s390x" });
});
const forget = (image: string) =>
  engine
    .getImage(image)
    .remove({ force: true })
    .catch(() => {});
afterEach(async () => {
  await harness.executor().sweep(new Set());
  for (const { image, pinned } of [closed, foreign].filter((each) => each !== undefined)) {
    await forget(image);
    await forget(pinned);
  }
});
afterAll(async () => {
  await closed?.close();
  await foreign?.close();
  await harness.close();
});

async function withLogin(password: string) {
  const file = join(await harness.folder("logins"), `${password}.json`);
  await writeFile(file, JSON.stringify({ auths: { [closed.host]: { ...login, password } } }));
  return harness.executor({ credentials: { file } });
}

describe.skipIf(missing !== undefined)(suite, () => {
  it("of a closed registry are pulled with its login, and run by their digest", async () => {
    const workload = harness.workload(echo(closed.image));
    const running = await (await withLogin(login.password)).start(workload);
    expect(running.image).toBe(closed.pinned);
    expect(await running.exit).toEqual({ exitCode: 0 });
    expect((await (await withLogin(login.password)).attach(workload))?.image).toBe(closed.pinned);
  });

  it("are refused without a login, and with a wrong one, which no message contains", async () => {
    for (const executor of [harness.executor(), await withLogin("wrong-secret")]) {
      const failure: unknown = await executor.start(harness.workload(echo(closed.image))).catch((reason) => reason);
      expect(failure).toMatchObject({ why: expect.stringContaining(closed.image) });
      expect(JSON.stringify(failure)).not.toContain("secret");
    }
  });

  it("stay the same for an execution that starts again, although the tag has moved", async () => {
    const executor = await withLogin(login.password);
    const first = await executor.start(harness.workload(echo(closed.image)));
    await first.exit;
    // The tag now means an image that has no echo.
    const container = await engine.createContainer({ Image: harness.image, Cmd: ["/bin/rm", "/bin/echo"] });
    await container.start();
    await container.wait();
    const [repo, tag] = [closed.image.slice(0, -2), "1"];
    await container.commit({ repo, tag });
    await container.remove();
    const moved = await executor.start(harness.workload(echo(closed.image)));
    expect(moved.image).not.toBe(first.image);
    expect((await moved.exit).exitCode).toBe(127);
    const pinned = { pinnedImage: first.image ?? "" };
    const repeated = await executor.start(harness.workload(echo(closed.image), pinned));
    expect(repeated.image).toBe(first.image);
    expect(await repeated.exit).toEqual({ exitCode: 0 });
  });

  it("that only this engine had are never replaced by others", async () => {
    const gone = `sha256:${"0".repeat(64)}`;
    await expect(
      harness.executor().start(harness.workload(echo(harness.image), { pinnedImage: gone })),
    ).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      why: `the image that this execution ran (${gone}) is gone from the engine`,
    });
    const own = await harness.executor().start(harness.workload(echo(harness.image)));
    expect(own.image).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("for another platform are refused before a bid, when the engine has them and when only the registry has", async () => {
    const refuses = (image: string) => harness.executor().refuses?.(harness.workload({ Image: image }).params);
    const why = expect.stringContaining(`${foreign.image} is for linux/s390x; this node's engine runs linux/`);
    expect(await refuses(foreign.image)).toEqual(why);
    await expect(harness.executor().start(harness.workload(echo(foreign.image)))).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      why,
    });
    const asked = foreign.asked.get("/v2/held/manifests/1");
    expect(await refuses(foreign.image)).toEqual(why);
    expect(foreign.asked.get("/v2/held/manifests/1")).toBe(asked);
    expect(await refuses(harness.image)).toBeUndefined();
    // A registry that does not answer prevents no bid.
    expect(await refuses("127.0.0.1:1/absent:1")).toBeUndefined();
  });
});
