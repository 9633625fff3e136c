import { addBehind, addImport, addItem } from "../edits.ts";
import type { PartName, PartTemplate } from "../part.ts";

/** A kind of aggregate. */
export const kind: PartTemplate = {
  name: "kind",
  summary: "a kind of aggregate; write its events, decider, fold and views, and since which feature level it may exist",
  files: (name) => ({
    [`libs/core/src/${name.kebab}/kind.ts`]: definition(name),
    [`libs/core/src/${name.kebab}/kind.test.ts`]: test(name),
  }),
  edits: ({ kebab, camel, pascal }) => [
    { path: "libs/core/src/kinds.ts", change: addImport(`import { ${camel}Kind } from "./${kebab}/kind.ts";`) },
    { path: "libs/core/src/kinds.ts", change: addItem(`registry<Kind>("kind", [`, `${camel}Kind`) },
    {
      path: "scripts/golden/traces.ts",
      change: addBehind(
        "export const traces: Readonly<Record<string, Trace>> = {\n",
        `  "${kebab}-opens-and-closes": {
    aggregate: { kind: "${kebab}", namespace: "default", id: "one" },
    steps: [
      ask("Open${pascal}", { namespace: "default", id: "one", text: "first" }),
      ask("Close${pascal}"),
    ],
  },
`,
      ),
    },
  ],
};

const definition = ({
  kebab,
  camel,
  pascal,
}: PartName): string => `import { defineEvent, type EventOf } from "@shoal/proto";
import { z } from "zod";
import { decideWith } from "../decider.ts";
import { type Kind, noReaction } from "../kind.ts";

const Facts = z.object({
  namespace: z.string().describe("The namespace of the ${kebab}."),
  id: z.string().describe("Names the ${kebab} within its namespace."),
  text: z.string().max(1_000).describe("What the ${kebab} holds."),
});

/** A ${kebab} was opened. */
export const ${pascal}Opened = defineEvent("${pascal}Opened", Facts);
/** A ${kebab} was closed. */
export const ${pascal}Closed = defineEvent("${pascal}Closed", z.object({}));
export type ${pascal}Event = EventOf<typeof ${pascal}Opened | typeof ${pascal}Closed>;

export type ${pascal}Command =
  | ({ readonly name: "Open${pascal}" } & z.infer<typeof Facts>)
  | { readonly name: "Close${pascal}" };

/** A ${kebab} and its state. */
export interface ${pascal} extends z.infer<typeof Facts> {
  readonly isClosed: boolean;
  /** The position of its last commit. */
  readonly seq: number;
}

/** A ${kebab} is open until a client closes it. */
export const ${camel}Kind: Kind<${pascal}, ${pascal}Command, ${pascal}Event> = {
  name: "${kebab}",
  isNamespaced: true,
  events: [${pascal}Opened, ${pascal}Closed],
  decide: (state, command, now) =>
    decideWith<${pascal}, ${pascal}Event>(${camel}Kind.evolve, state, {
      now,
      decide(draft) {
        if (command.name === "Open${pascal}") draft.emit(${pascal}Opened.of(Facts.parse(command)));
        else if (draft.state?.isClosed !== true) draft.emit(${pascal}Closed.of({}));
      },
    }),
  evolve(state, event, { seq }) {
    if (event.type === "${pascal}Opened") return state === undefined ? { ...event.data, isClosed: false, seq } : undefined;
    return state && { ...state, isClosed: true, seq };
  },
  react: () => noReaction,
  isEnded: ({ isClosed }) => isClosed,
  isSettled: ({ isClosed }) => isClosed,
  nodesOf: () => [],
  views: [],
  creates: ["Open${pascal}"],
  accepts: { Close${pascal}: z.object({ name: z.literal("Close${pascal}") }) },
};
`;

const test = ({ kebab, camel, pascal }: PartName): string => `import { expect, it } from "vitest";
import { folded } from "../testing/given.ts";
import { sampleAt } from "../testing/samples.ts";
import { type ${pascal}, type ${pascal}Command, type ${pascal}Event, ${pascal}Closed, ${pascal}Opened, ${camel}Kind } from "./kind.ts";

const facts = { namespace: "default", id: "one", text: "first" };
const opened = ${pascal}Opened.of(facts);
const closed = ${pascal}Closed.of({});
const histories = { nothing: [], open: [opened], closed: [opened, closed] } as const;
const after = (state: keyof typeof histories) => folded<${pascal}, ${pascal}Event>(${camel}Kind.evolve, histories[state]);

const open: ${pascal}Command = { name: "Open${pascal}", ...facts };
const close: ${pascal}Command = { name: "Close${pascal}" };
const refused = { ok: false, rejection: { code: "ILLEGAL_TRANSITION" } };

it.each([
  ["nothing", open, { ok: true, events: [opened] }],
  ["nothing", close, refused],
  ["open", open, refused],
  ["open", close, { ok: true, events: [closed] }],
  ["closed", open, refused],
  ["closed", close, { ok: true, events: [] }],
] as const)("a ${kebab} in state %s decides %o", (state, command, decision) => {
  expect(${camel}Kind.decide(after(state), command, sampleAt)).toMatchObject(decision);
});

it("is settled when it is closed", () => {
  const isSettled = (state: "open" | "closed") => ${camel}Kind.isSettled(after(state) ?? expect.unreachable(state));
  expect([isSettled("open"), isSettled("closed")]).toEqual([false, true]);
});
`;
