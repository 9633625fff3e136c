import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { callCheckout } from "../checkout.ts";
import type { DemoContext } from "../demo-context.ts";
import { check } from "../demo-failure.ts";
import type { DemoStep } from "../step.ts";

const memoryBytes = 64_000_000;
const script = [
  "echo container, user $(id -u), partition $SHOAL_PARTITION_INDEX of $SHOAL_PARTITION_COUNT",
  "echo memory limit $(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)",
  "wc -w /input/text",
  "sha256sum /input/text | head -c 64 > /output/sha256",
].join("; ");

/** With a Docker engine: a container with an input, limits, a result and live output. */
export const containerJob: DemoStep = {
  title: "Run a container with an input, resource limits, and live output",
  async run(context) {
    const prepared = preparedOf(await callCheckout("test/images/demo-image.ts", "prepareDemoImage"));
    if (prepared.image === undefined) {
      context.reporter.print(`skipped: ${prepared.why}`);
      return;
    }
    // At the end: the node removes the container some time after the job's end.
    context.atEnd(prepared.remove);
    await runContainer(context, prepared.image);
  },
};

interface Prepared {
  readonly image: string | undefined;
  readonly why: string;
  readonly remove: () => Promise<void>;
}

function preparedOf(answer: unknown): Prepared {
  const facts = new Map<string, unknown>(Object.entries(typeof answer === "object" && answer !== null ? answer : {}));
  const [image, why, remove] = [facts.get("image"), facts.get("why"), facts.get("remove")];
  return {
    image: typeof image === "string" ? image : undefined,
    why: typeof why === "string" ? why : "no image",
    remove: async () => {
      if (typeof remove === "function") await remove();
    },
  };
}

async function runContainer(context: DemoContext, image: string): Promise<void> {
  const { client, reporter, signal, textFile, watch } = context;
  const { jobId } = await client.submit(specOf(image, textFile));
  await watch.until(
    jobId,
    (events) => events.some(({ type }) => type === "ExecutionAssigned" || type === "JobFailed"),
    "a node for the container",
  );
  let output = "";
  for await (const { text } of client.logs(jobId, { follow: true, signal })) {
    output += text;
    reporter.print(`  ${text.trimEnd()}`);
  }
  const job = await client.waitForJob(jobId, { signal });
  check(job.state.stateType === "completed", `the container job ended ${job.state.stateType}: ${job.state.message}`);
  const { items } = await client.executions(jobId);
  const [run] = items.filter(({ computeState }) => computeState.stateType === "completed");
  check(
    run?.runOutput?.exitCode === 0,
    `the container ended with exit code ${run?.runOutput?.exitCode}: ${run?.runOutput?.stderr}`,
  );
  check(/\d+ \/input\/text/.test(output), "the container's output did not arrive while it ran");
  const sum = await resultOf(context, jobId);
  const expected = createHash("sha256")
    .update(await readFile(textFile))
    .digest("hex");
  check(sum === expected, `expected an input with SHA-256 ${expected}, got ${sum}`);
  reporter.passed("completed: it read its input within its limits, and its result has the expected checksum");
}

async function resultOf({ cluster, folder }: DemoContext, jobId: string): Promise<string> {
  const into = join(folder, "container");
  await cluster.shoal("job", "get", jobId, "--output-dir", into);
  return (await readFile(join(into, "sum", "sha256"), "utf8")).trim();
}

function specOf(image: string, textFile: string): object {
  return {
    Name: "container",
    Type: "batch",
    Tasks: [
      {
        Name: "main",
        Engine: { Type: "docker", Params: { Image: image, Entrypoint: ["/bin/sh"], Parameters: ["-c", script] } },
        Publisher: { Type: "nats" },
        InputSources: [{ Source: { Type: "local", Params: { SourcePath: textFile } }, Target: "/input/text" }],
        ResultPaths: [{ Name: "sum", Path: "/output" }],
        Resources: { CPU: "250m", Memory: `${memoryBytes}` },
        Network: { Type: "None" },
      },
    ],
  };
}
