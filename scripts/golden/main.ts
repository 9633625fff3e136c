// npm run golden [-- <scenario>]: writes test/golden, each scenario's raw log as this version writes it, and its final state.
// The corpus of a released version is never rewritten, because logs keep its messages. Set the next name after a release.
import { fileURLToPath } from "node:url";
import { corpusName, golden } from "./golden.ts";

const folder = fileURLToPath(new URL(`../../test/golden/${corpusName}`, import.meta.url));
const { lines, exitCode } = golden(folder, process.argv[2]);
process.stdout.write(lines.map((line) => `${line}\n`).join(""));
process.exitCode = exitCode;
