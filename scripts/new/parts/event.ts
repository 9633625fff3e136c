import { addAtEnd, addBehind, addImport } from "../edits.ts";
import type { Edit, PartName, PartTemplate } from "../part.ts";

const core = "libs/core/src";
const proto = "libs/proto/src";

/** An event of a job, with the command that records it. */
export const event: PartTemplate = {
  name: "event",
  summary:
    "an event of a job, named in the past tense (such as job-paused); write its facts, its row in the machine, its text, and what decides it",
  files: (name) => ({ [`${core}/job/${name.kebab}.test.ts`]: test(name) }),
  edits: (name) => [...declaration(name), ...decision(name), golden(name)],
};

const declaration = ({ kebab, pascal }: PartName): readonly Edit[] => [
  {
    path: `${proto}/job/events.ts`,
    change: addAtEnd(`/** What ${kebab} records about a running job. */
export const ${pascal} = defineEvent("${pascal}", z.object({ why: z.string().describe("Why it happened.") }));
`),
  },
  { path: `${proto}/mod.ts`, change: addAtEnd(`export { ${pascal} } from "./job/events.ts";\n`) },
  { path: `${proto}/job/machine.ts`, change: addImport(`import { ${pascal} } from "./events.ts";`) },
  {
    path: `${proto}/job/machine.ts`,
    change: addBehind(
      "  // from                              event             to\n",
      `  [["running"],                        ${`${pascal},`.padEnd(17)} "same"],\n`,
    ),
  },
  { path: `${proto}/event-texts/event-texts.ts`, change: addImport(`import { ${pascal} } from "../job/events.ts";`) },
  {
    path: `${proto}/event-texts/event-texts.ts`,
    change: addBehind(
      "PartialEventText> = new Map([\n",
      `  row(${pascal}, ({ why }) => ({ topic: "State Update", message: why })),\n`,
    ),
  },
];

const decision = ({ pascal }: PartName): readonly Edit[] => [
  { path: `${core}/testing/samples.ts`, change: addImport(`import { ${pascal} } from "@shoal/proto";`) },
  {
    path: `${core}/testing/samples.ts`,
    change: addBehind("export const sampleJobEvents = [\n", `  ${pascal}.of({ why: "a reason" }),\n`),
  },
  {
    path: `${core}/job/commands.ts`,
    change: addBehind("export interface JobCommands {\n", `  Record${pascal}: { readonly why: string };\n`),
  },
  { path: `${core}/job/decide.ts`, change: addImport(`import { ${pascal} } from "@shoal/proto";`) },
  {
    path: `${core}/job/decide.ts`,
    change: addBehind(
      "[C in keyof JobCommands]: Handler<JobCommands[C]> } = {\n",
      `  Record${pascal}: ({ why }, draft) => draft.emit(${pascal}.of({ why })),\n`,
    ),
  },
  {
    path: `${core}/job/job.property.test.ts`,
    change: addBehind(
      'const commands: { readonly [C in JobCommand["name"]]: () => JobCommand } = {\n',
      `    Record${pascal}: () => ({ name: "Record${pascal}", why: "a reason" }),\n`,
    ),
  },
];

const golden = ({ kebab, pascal }: PartName): Edit => ({
  path: "scripts/golden/traces.ts",
  change: addBehind(
    "export const traces: Readonly<Record<string, Trace>> = {\n",
    `  "job-${kebab}": job(spec(), place(1, "n-one"), ask("Record${pascal}", { why: "a reason" })),
`,
  ),
});

const test = ({ pascal }: PartName): string => `import { JobStarted, JobSubmitted, ${pascal} } from "@shoal/proto";
import { expect, it } from "vitest";
import { givenJob } from "../testing/given.ts";
import { sampleAssigned, sampleJobId, sampleSpec } from "../testing/samples.ts";

const submitted = JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec(), version: 1 });
const running = [submitted, sampleAssigned(), JobStarted.of({})] as const;
const record = { name: "Record${pascal}", why: "a reason" } as const;

it("is recorded about a running job, and leaves it running", () => {
  givenJob(...running)
    .when(record)
    .then(${pascal}.of({ why: "a reason" }));
  const { state } = givenJob(...running, ${pascal}.of({ why: "a reason" }));
  expect(state?.header).toMatchObject({ state: "running", message: "a reason" });
});

it("is refused where the machine has no row for it", () => {
  givenJob(submitted).when(record).refused("ILLEGAL_TRANSITION");
  givenJob().when(record).refused("ILLEGAL_TRANSITION");
});
`;
