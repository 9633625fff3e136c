import { describe, expect, it } from "vitest";
import { createSweeper } from "./sweeper.ts";

function harness(offered: ReadonlySet<string>) {
  const swept: string[] = [];
  const warnings: string[] = [];
  const executor = (name: string) => ({
    name,
    sweep: async () => {
      swept.push(name);
      if (name === "Docker") throw new Error("connect ENOENT /var/run/docker.sock");
    },
  });
  const sweep = createSweeper({
    executors: [executor("Docker"), executor("noop")],
    isOffered: (engine) => offered.has(engine),
    logger: { info: () => {}, warn: (_, message) => warnings.push(message) },
  });
  return { swept, warnings, sweep };
}

describe("a sweep", () => {
  it("skips an engine that is not offered, without a warning", async () => {
    const { swept, warnings, sweep } = harness(new Set(["noop"]));
    sweep(new Set());
    sweep(new Set(), "docker");
    await new Promise(setImmediate);
    expect({ swept, warnings }).toEqual({ swept: ["noop"], warnings: [] });
  });
  it("warns when an offered engine fails", async () => {
    const { swept, warnings, sweep } = harness(new Set(["noop", "docker"]));
    sweep(new Set(), "docker");
    await new Promise(setImmediate);
    expect({ swept, warnings }).toEqual({ swept: ["Docker"], warnings: ["a sweep failed"] });
  });
});
