import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildWordCount } from "../../examples/word-count/build.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { wasm } from "../../services/compute/src/executors/wasm/wasm.ts";

let root = "";
let executor: Executor;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-words-"));
  executor = wasm({ clock: systemClock({ unref: true }), limits: { poolSize: 2 } });
  await mkdir(join(root, "in"));
  await writeFile(join(root, "main.wasm"), await buildWordCount());
});
afterAll(async () => {
  await executor.close();
  await rm(root, { recursive: true, force: true });
});

interface Counted {
  readonly stdout: string;
  readonly counts: ReadonlyMap<string, number>;
}

let serial = 0;

async function countSlice(text: string, index: number, count: number): Promise<Counted> {
  serial += 1;
  const results = join(root, `out-${serial}`);
  const source = join(root, `in`, `${serial}.txt`);
  await mkdir(results);
  await writeFile(source, text);
  let stdout = "";
  const running = await executor.start({
    id: `e-words-${serial}`,
    jobId: "j-words",
    namespace: "default",
    nodeId: "n-1",
    params: executor.params.parse({ EntryModule: "/app/count.wasm", Parameters: ["/in/text.txt", "/results"] }),
    env: { BACALHAU_PARTITION_INDEX: `${index}`, BACALHAU_PARTITION_COUNT: `${count}` },
    inputs: [
      { hostPath: join(root, "main.wasm"), target: "/app/count.wasm", readOnly: true },
      { hostPath: source, target: "/in/text.txt", readOnly: true },
    ],
    outputs: [{ name: "results", path: "/results", hostPath: results }],
    resources: { cpuCores: 1, memoryBytes: 2 ** 26, diskBytes: 2 ** 24 },
    network: "none",
    folder: root,
    output: (_stream, chunk) => {
      stdout += Buffer.from(chunk).toString("utf8");
    },
  });
  expect(await running.exit).toEqual({ exitCode: 0 });
  return { stdout, counts: parse(await readFile(join(results, "counts.txt"), "utf8")) };
}

function parse(lines: string): ReadonlyMap<string, number> {
  const rows = lines
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));
  return new Map(rows.map(([word = "", count]) => [word, Number(count)]));
}

async function countAll(text: string, count: number): Promise<Readonly<Record<string, number>>> {
  const slices = await Promise.all(Array.from({ length: count }, (_, index) => countSlice(text, index, count)));
  return sum(slices.flatMap(({ counts }) => [...counts]));
}

function sum(rows: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const [word, count] of rows) total[word] = (total[word] ?? 0) + count;
  return total;
}

/** The same count in TypeScript: ASCII letters in lower case, digits, and every character beyond ASCII. */
function expected(text: string): Readonly<Record<string, number>> {
  const words = text.match(/[A-Za-z0-9\u0080-\u{10ffff}]+/gu) ?? [];
  return sum(words.map((word) => [word.replace(/[A-Z]/g, (letter) => letter.toLowerCase()), 1]));
}

/** Text with words of every length, long gaps, and characters of several bytes; the same each time. */
function novel(words: number): string {
  const stock = [
    "the",
    "sea",
    "Whale",
    "of",
    "a",
    "größe",
    "日本語",
    "x".repeat(300),
    "I",
    "42",
    "naïve",
    "harpooneer",
  ];
  const gaps = [" ", "\n", ", ", ".  ", "\t", " - ", `${" ".repeat(90)}\n`];
  let state = 7;
  const next = (below: number) => {
    // Knuth's linear congruential generator of 31 bits.
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  return Array.from({ length: words }, () => `${stock[next(stock.length)]}${gaps[next(gaps.length)]}`).join("");
}

describe("the word counter", () => {
  it.each([1, 4, 7])("in %i partitions counts the same as TypeScript in one", async (count) => {
    const text = novel(20_000);
    expect(await countAll(text, count)).toEqual(expected(text));
  });
  it.each([
    ["a text of one word", "x".repeat(50)],
    ["a text that ends with a word", "one two three"],
    ["a text of single letters, with a boundary after every byte", "a b c d e f"],
    ["a text shorter than the number of partitions", "ab"],
    ["a text of gaps", "  .,  \n "],
    ["an empty text", ""],
  ])("counts every word of %s once", async (_what, text) => {
    expect(await countAll(text, 7)).toEqual(expected(text));
  });
  it("prints its counts, the most frequent words first, and sorts its result", async () => {
    const { stdout, counts } = await countSlice("b a c b A b", 0, 1);
    expect(stdout).toBe("partition 0 of 1: 6 words, 3 different\nb\t3\na\t2\nc\t1\n");
    expect([...counts]).toEqual([
      ["a", 2],
      ["b", 3],
      ["c", 1],
    ]);
  });
  it("has a reproducible build", async () => {
    expect(Buffer.from(await buildWordCount()).equals(await readFile(join(root, "main.wasm")))).toBe(true);
  });
});
