import { afterAll } from "vitest";
import { executorContract } from "../contract.ts";
import { engineBench } from "./testing/engine-bench.ts";

const bench = await engineBench("contract");
afterAll(() => bench.close());

const { image: Image } = bench;
const run = (script: string, ...words: string[]) => ({
  params: { Image, Entrypoint: ["/bin/sh", "-c", script, "sh", ...words] },
});

executorContract("docker", {
  executor: () => bench.executor(),
  makers: {
    exits: (exitCode) => run('exit "$1"', String(exitCode)),
    says: (stdout, stderr) => run('echo -n "$1"; echo -n "$2" >&2', stdout, stderr),
    runsForEver: () => run("sleep 1000000"),
    cannotStart: () => ({ params: { Image, Parameters: ["true"] }, inputs: [nowhere] }),
    writes: (path) => run('echo new > "$1"', path),
    copies: (from, to) => run('cp "$1" "$2"', from, to),
  },
  survives: true,
  missing: bench.missing,
});

const nowhere = { hostPath: "/there/is/no/such/folder", target: "/nowhere", readOnly: true };
