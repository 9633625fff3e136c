import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { callCheckout } from "../checkout.ts";
import { addCounts, countWords, firstDifference } from "../count-words.ts";
import type { DemoContext } from "../demo-context.ts";
import { check } from "../demo-failure.ts";
import type { DemoStep } from "../step.ts";

const partitions = 4;

/** A WebAssembly program over a real text, in partitions, with its results collected. */
export const wordCount: DemoStep = {
  title: `Count the words of a text with a WebAssembly program, in ${partitions} partitions`,
  async run(context) {
    const { client, reporter, textFile } = context;
    const module = await callCheckout("examples/word-count/build.ts", "buildWordCount");
    check(module instanceof Uint8Array, "the compiler produced no program");
    reporter.print(
      `${basename(textFile)}, compiled program of ${module.length} bytes, results through the object store`,
    );
    const { jobId } = await client.submit(specOf(module, textFile));
    const job = await client.waitForJob(jobId, { signal: context.signal });
    check(job.state.stateType === "completed", `the job ended ${job.state.stateType}: ${job.state.message}`);
    const counted = await collect(context, jobId);
    const expected = countWords(await readFile(textFile));
    const difference = firstDifference(counted, expected);
    check(
      difference === undefined,
      `"${difference}": expected a count of ${expected.get(difference ?? "")}, got ${counted.get(difference ?? "")}`,
    );
    const total = [...counted.values()].reduce((sum, count) => sum + count, 0);
    const [most = ["nothing", 0]] = [...counted].sort(([, one], [, other]) => other - one);
    reporter.passed(
      `${total} words, ${counted.size} different, most often "${most[0]}" (${most[1]} times): equal to the count in TypeScript`,
    );
  },
};

function specOf(module: Uint8Array, textFile: string): object {
  return {
    Name: "word-count",
    Type: "batch",
    Count: partitions,
    Tasks: [
      {
        Name: "main",
        Engine: {
          Type: "wasm",
          Params: { EntryModule: "/app/word-count.wasm", Parameters: ["/input/text", "/output"] },
        },
        Publisher: { Type: "nats" },
        InputSources: [
          {
            Source: {
              Type: "inline",
              Params: { URL: `data:application/wasm;base64,${Buffer.from(module).toString("base64")}` },
            },
            Target: "/app/word-count.wasm",
          },
          { Source: { Type: "local", Params: { SourcePath: textFile } }, Target: "/input/text" },
        ],
        ResultPaths: [{ Name: "counts", Path: "/output" }],
        Resources: { CPU: "100m", Memory: "64Mb" },
      },
    ],
  };
}

/** Downloads the results of all partitions and adds them up. */
async function collect({ cluster, folder }: DemoContext, jobId: string): Promise<ReadonlyMap<string, number>> {
  const into = join(folder, "word-count");
  await cluster.shoal("job", "get", jobId, "--raw", "--output-dir", into);
  const results = await readdir(into);
  check(results.length === partitions, `expected ${partitions} results, got ${results.length}`);
  const sum = new Map<string, number>();
  for (const result of results) addCounts(sum, await readFile(join(into, result, "counts", "counts.txt"), "utf8"));
  return sum;
}
