import { afterAll } from "vitest";
import { executorContract } from "../contract.ts";
import { engineHarness } from "./testing/engine-harness.ts";

const harness = await engineHarness("contract");
afterAll(() => harness.close());

const { image: Image } = harness;
const run = (script: string, ...words: string[]) => ({
  params: { Image, Entrypoint: ["/bin/sh", "-c", script, "sh", ...words] },
});

executorContract("docker", {
  executor: () => harness.executor(),
  makers: {
    exits: (exitCode) => run('exit "$1"', String(exitCode)),
    prints: (stdout, stderr) => run('echo -n "$1"; echo -n "$2" >&2', stdout, stderr),
    runsForEver: () => run("sleep 1000000"),
    cannotStart: () => ({ params: { Image, Parameters: ["true"] }, inputs: [nowhere] }),
    writes: (path) => run('echo new > "$1"', path),
    copies: (from, to) => run('cp "$1" "$2"', from, to),
  },
  survives: true,
  missing: harness.missing,
});

const nowhere = { hostPath: "/there/is/no/such/folder", target: "/nowhere", readOnly: true };
