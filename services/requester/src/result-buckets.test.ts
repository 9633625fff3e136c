import { createSea, drive, sampleInfo } from "@shoal/core/testing";
import { afterEach, expect, it } from "vitest";
import { createResultBuckets } from "./result-buckets.ts";

const sea = createSea();
const driving = drive(sea.clock);
afterEach(() => driving.stop());

it("makes a bucket once for every node that publishes into the object store, and tries again when that failed", async () => {
  const asked: string[] = [];
  const warned: object[] = [];
  let failing = true;
  const ensure = async (nodeId: string) => {
    asked.push(nodeId);
    if (nodeId === "n-bad" && failing) throw new Error("not now");
  };
  const { views } = sea.requester("r");
  const diary = { info: () => {}, warn: (facts: object) => void warned.push(facts) };
  const process = createResultBuckets({ nodes: views.nodes, ensure, diary });
  const tell = (nodeId: string, seq: number, publishers: readonly string[]) =>
    views.nodes.put(nodeId, { seq, info: { ...sampleInfo(nodeId), publishers } });
  await tell("n-one", 1, ["local", "nats"]);
  await process.start();
  await tell("n-none", 2, ["local"]);
  await tell("n-bad", 3, ["nats"]);
  await expect.poll(() => warned).toMatchObject([{ nodeId: "n-bad", why: "not now" }]);
  failing = false;
  await tell("n-one", 4, ["nats"]);
  await tell("n-bad", 5, ["nats"]);
  await expect.poll(() => asked).toEqual(["n-one", "n-bad", "n-bad"]);
  await views.nodes.put("n-odd", { seq: 6, info: "junk" });
  await process.stop();
});
