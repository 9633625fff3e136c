// Writes test/golden: the raw log as this version writes it, and the final states of its aggregates.
// The corpus of a released version is never rewritten, because logs keep its messages. Set the next name after a release.
import { writeFileSync } from "node:fs";
import { writeCorpus } from "./corpus.ts";
import { traces } from "./traces.ts";

/** The corpus of this version, until it is released. */
const corpusName = "2026-11";

const folder = new URL("../../test/golden/", import.meta.url);
const { messages, expectedStates, leftOut } = writeCorpus(traces);
const lines = messages.map((message) => `${JSON.stringify(message)}\n`);
writeFileSync(new URL(`${corpusName}.jsonl`, folder), lines.join(""));
writeFileSync(new URL(`${corpusName}.fates.json`, folder), `${JSON.stringify(expectedStates, undefined, 2)}\n`);
for (const why of leftOut) process.stdout.write(`left out, ${why}\n`);
process.stdout.write(`test/golden/${corpusName}: ${messages.length} messages\n`);
