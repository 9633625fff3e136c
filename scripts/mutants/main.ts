// Changes the code in small ways, one at a time and in a copy of the tree, and reports which changes no test notices.
import { rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createPrng } from "@shoal/core/testing";
import { type Area, areas } from "./areas.ts";
import { copyTree } from "./copy-tree.ts";
import { type Mutant, mutantsOf } from "./mutators.ts";
import { areaLine, type MutantTally, type Tried, tallyOf } from "./tally.ts";
import { runTests, tryMutant } from "./try-mutant.ts";

// The percentage of mutants that tests must detect: issue 8.11.
const killedMin = 85;

const { values } = parseArgs({
  options: {
    /** One area; all of them when left out. */
    area: { type: "string", multiple: true },
    /** Number of mutants of each area. */
    count: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    /** A part of the sample, as "2/4": a long run in several short ones. */
    part: { type: "string", default: "1/1" },
    /** Files whose path contains this. */
    only: { type: "string", default: "" },
    /** Time limit of each group of tests of one mutant. */
    "limit-secs": { type: "string", default: "120" },
  },
});
const chosen = areas.filter(({ name }) => values.area === undefined || values.area.includes(name));
const unknown = values.area?.find((name) => !areas.some((area) => area.name === name));
if (unknown !== undefined || chosen.length === 0) {
  console.error(`no area "${unknown ?? ""}", only ${areas.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

const copy = await copyTree(fileURLToPath(new URL("../..", import.meta.url)));
// Also when a signal ends this process.
process.once("exit", () => rmSync(copy, { recursive: true, force: true }));
const limitMs = Number(values["limit-secs"]) * 1_000;
const tallies: MutantTally[] = [];
for (const area of chosen) tallies.push(await tryArea(area));
for (const tally of tallies) console.log(areaLine(tally));
for (const { survivors } of tallies) for (const survivor of survivors) console.log(`survived ${survivor}`);
process.exitCode = tallies.every(({ percent }) => percent >= killedMin) ? 0 : 1;

async function tryArea(area: Area): Promise<MutantTally> {
  const run = { root: copy, limitMs, needsServer: area.needsServer === true };
  if ((await runTests(run, [...(area.nearest ?? []), ...area.tests])) !== "passed")
    throw new Error(`the tests of ${area.name} fail without a mutant`);
  const tried: Tried[] = [];
  const sample = partOf(sampled(await candidates(area), Number(values.count)));
  for (const { path, mutant } of sample) {
    // The nearest tests first: they detect most mutants.
    const outcome = await tryMutant(run, path, { mutant, groups: [area.nearest ?? [`${dirname(path)}/`], area.tests] });
    tried.push({ path, mutant, outcome });
    console.log(`${area.name} ${tried.length}/${sample.length} ${outcome} ${path}:${mutant.line} ${mutant.change}`);
  }
  return tallyOf(area.name, tried);
}

interface FileMutant {
  readonly path: string;
  readonly mutant: Mutant;
}

async function candidates({ sources }: Area): Promise<readonly FileMutant[]> {
  const found: FileMutant[] = [];
  for (const path of await sourcesIn(sources)) {
    const text = await readFile(join(copy, path), "utf8");
    found.push(...mutantsOf(path, text).map((mutant) => ({ path, mutant })));
  }
  return found;
}

async function sourcesIn(sources: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const source of sources) {
    if (source.endsWith(".ts")) paths.push(source);
    else for (const name of await readdir(join(copy, source), { recursive: true })) paths.push(`${source}/${name}`);
  }
  const isSource = (path: string) =>
    path.endsWith(".ts") && !/\.test\.ts$|contract\.ts$|\/testing\//.test(path) && path.includes(values.only);
  return paths.filter(isSource).toSorted();
}

/** `count` of them, the same ones for the same seed, in the order of the files. */
function sampled(from: readonly FileMutant[], count: number): readonly FileMutant[] {
  const prng = createPrng(values.seed);
  const drawn = from.map((candidate, index) => ({ candidate, index, at: prng.fraction() }));
  const taken = drawn.toSorted((a, b) => a.at - b.at).slice(0, count);
  return taken.toSorted((a, b) => a.index - b.index).map(({ candidate }) => candidate);
}

function partOf<Item>(sample: readonly Item[]): readonly Item[] {
  const [part = 1, parts = 1] = values.part.split("/").map(Number);
  return sample.filter((_, index) => index % parts === part - 1);
}
