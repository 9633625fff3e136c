import { describe, expect, it } from "vitest";
import { memoryTree } from "../tree.ts";
import { rules } from "./index.ts";

interface Sample {
  /** A part of the expected finding; absent when the rule must find nothing. */
  readonly finds?: string;
  readonly files: Readonly<Record<string, string>>;
}

const manifest = (name: string, rest: object = {}) => JSON.stringify({ name, ...rest });
const lock = (packages: object) => JSON.stringify({ packages }, null, 2);
const versionTwo = { "libs/proto/src/version.ts": 'export const shoalVersion = "2.0.0";' };
const part = `import type { Executor } from "./executor.ts"; export const noop = {} satisfies Executor;`;
const folder = "services/compute/src/executors";
const socket = `import type { Executor } from "./executor.ts";`;
const room = {
  [`${folder}/contract.ts`]: socket,
  [`${folder}/executor.ts`]: "export interface Executor {}",
  [`${folder}/noop.ts`]: part,
};
const listed = `import type { Executor } from "./executor.ts"; import { noop } from "./noop.ts";`;

const words = (...rows: readonly string[]) => ({
  "docs/nomenclature.md": `# Words\n\n| not | write | where |\n|---|---|---|\n${rows.join("\n")}\n\nThat zorp is all.\n`,
});
const zorp = words("| zorp, zorped | queue | everywhere |");

/** For each rule: samples with a finding, and samples without one. */
const samples: Readonly<Record<string, Readonly<Record<string, Sample>>>> = {
  layers: {
    "node in proto": { finds: "node:fs", files: { "libs/proto/src/a.ts": `import { x } from "node:fs";` } },
    "nats outside libs/nats": {
      finds: "only libs/nats",
      files: { "services/compute/src/a.ts": `import { x } from "@nats-io/kv";` },
    },
    "a service in a service": {
      finds: "@shoal/requester",
      files: { "services/compute/src/a.ts": `import { x } from "@shoal/requester";` },
    },
    "a service in the cli, at once": {
      finds: "only as a type",
      files: { "apps/cli/src/a.ts": `import { x } from "@shoal/compute";` },
    },
    "a neighbour by its path": {
      finds: "outside libs/core",
      files: { "libs/core/src/a.ts": `export { x } from "../../proto/src/mod.ts";` },
    },
    "vitest in running code": { finds: "only tests", files: { "libs/core/src/a.ts": `import { it } from "vitest";` } },
    "a package of the tests in running code": {
      finds: "@shoal/node",
      files: { "libs/nats/src/a.ts": `import { x } from "@shoal/node";` },
    },
    "a package of the tests in a test": { files: { "libs/nats/src/a.test.ts": `import { x } from "@shoal/node";` } },
    "an unknown workspace": { finds: "no row", files: { "libs/new/src/a.ts": `import "zod";` } },
    "a service in the cli, lazily": {
      files: {
        "apps/cli/src/a.ts": `const x = await import("@shoal/compute"); import type { Y } from "@shoal/requester";`,
      },
    },
    "what the table allows": {
      files: { "libs/core/src/a.ts": `import { x } from "@shoal/proto";\nimport {\n  y,\n} from "zod";` },
    },
    "imports in text only": {
      files: { "libs/proto/src/a.ts": '// import x from "node:fs"\nconst a = `import x from "node:fs"`;' },
    },
    "vitest in a contract": { files: { "libs/core/src/a-contract.ts": `import { it } from "vitest";` } },
  },
  purity: {
    "a clock": { finds: "Date.now", files: { "libs/core/src/a.ts": "const a = Date.now();" } },
    prng: { finds: "Math.random", files: { "libs/proto/src/a.ts": "const a = Math.random();" } },
    "a timer": { finds: "setTimeout", files: { "libs/core/src/a.ts": "setTimeout(f, 1);" } },
    "the process": { finds: "process.env", files: { "libs/core/src/a.ts": "const a = process.env;" } },
    "the simulation too": { finds: "Date.now", files: { "libs/core/src/testing/a.ts": "Date.now();" } },
    "the bench settling": { files: { "libs/core/src/testing/a.ts": "setImmediate(resolve);" } },
    "a thing called process": { files: { "libs/core/src/a.ts": "await process.stop(); clock.setTimeout(1);" } },
    "words in comments": { files: { "libs/core/src/a.ts": "// Date.now() is not for here\n/* Math.random */" } },
    others: { files: { "services/compute/src/a.ts": "Date.now();" } },
  },
  registries: {
    "no list": { finds: "no index.ts", files: room },
    "a part that is not listed": { finds: "add it to", files: { ...room, [`${folder}/index.ts`]: "" } },
    "a part that is not listed, where there is no contract": {
      finds: "add it to",
      files: { "apps/cli/src/commands/index.ts": "", "apps/cli/src/commands/replay.ts": "" },
    },
    "a sibling": {
      finds: "sibling part",
      files: {
        ...room,
        [`${folder}/index.ts`]: `${listed} import "./b.ts";`,
        [`${folder}/b.ts`]: `import { noop } from "./noop.ts";`,
      },
    },
    "a folder that is not listed": {
      finds: "add it to",
      files: {
        ...room,
        [`${folder}/index.ts`]: listed,
        [`${folder}/b/b.ts`]: `import "./c.ts";`,
        [`${folder}/b/c.ts`]: "",
      },
    },
    "a program that a part starts by its path": {
      files: {
        ...room,
        [`${folder}/index.ts`]: `${listed} import "./b/b.ts";`,
        [`${folder}/b/b.ts`]: "",
        [`${folder}/b/main.ts`]: "",
      },
    },
    "a part listed": { files: { ...room, [`${folder}/index.ts`]: listed } },
    "the files of one part": {
      files: {
        ...room,
        [`${folder}/index.ts`]: `${listed} import "./b/b.ts";`,
        [`${folder}/b/b.ts`]: `import "./c.ts";`,
        [`${folder}/b/c.ts`]: "",
      },
    },
  },
  doors: {
    "an export without a comment": {
      finds: "without a doc comment",
      files: { "libs/core/src/mod.ts": `export { a } from "./a.ts";`, "libs/core/src/a.ts": "export const a = 1;" },
    },
    "a documented one": {
      files: {
        "libs/core/src/mod.ts": `export { a, type B } from "./a.ts";`,
        "libs/core/src/a.ts":
          "/** One. */\n// biome-ignore format: a table\nexport const a = 1;\nexport type B = typeof a;",
      },
    },
    "an event whose description is on its page": {
      files: {
        "libs/core/src/mod.ts": `export { A } from "./a.ts";`,
        "libs/core/src/a.ts": `export const A = defineEvent(\n  "A",\n  z.object({}).describe("It is."),\n);`,
      },
    },
    "an event without one": {
      finds: "without a doc comment",
      files: {
        "libs/core/src/mod.ts": `export { A } from "./a.ts"; use(A);`,
        "libs/core/src/a.ts": `export const A = defineEvent("A", z.object({}));\nz.object({}).describe("It is.");`,
      },
    },
    "exports under one comment": {
      files: {
        "libs/core/src/mod.ts": `export { b } from "./a.ts";`,
        "libs/core/src/a.ts": "/** Both. */\nexport const a = 1;\nexport const b = 2;",
      },
    },
  },
  names: {
    "a file": { finds: "utils", files: { "libs/core/src/utils.ts": "" } },
    "a folder": { finds: "helpers", files: { "libs/core/src/helpers/a.ts": "" } },
    "a longer word": { files: { "libs/core/src/job-types/a.ts": "", "services/compute/src/service-discovery.ts": "" } },
  },
  leftovers: {
    "unfinished work": { finds: "do it", files: { "docs/a.md": `${"TO"}${"DO"}: write` } },
    "a machine's path": { finds: "one machine", files: { "scripts/a.ts": `const a = "/${"work"}/x";` } },
    "a folder with a similar name": { files: { "docs/a.md": "see node/work/here and ./root/a" } },
  },
  dependencies: {
    "a range": {
      finds: "pin one",
      files: { "package.json": manifest("a", { dependencies: { zod: "^4.0.0" } }), "docs/dependencies.md": "`zod`" },
    },
    "no row": { finds: "has no row", files: { "package.json": manifest("a", { dependencies: { zod: "4.0.0" } }) } },
    "a row too many": {
      finds: "`ajv` is declared nowhere",
      files: {
        "package.json": manifest("a"),
        "docs/dependencies.md": "| package | what |\n| --- | --- |\n| `ajv` | schemas |",
      },
    },
    unused: {
      finds: "zod is declared and not used",
      files: {
        "libs/core/package.json": manifest("@shoal/core", { dependencies: { zod: "4.0.0" } }),
        "docs/dependencies.md": "- `zod`: schemas",
        "libs/proto/package.json": manifest("@shoal/proto", { dependencies: { zod: "4.0.0" } }),
        "libs/proto/src/a.ts": `import "zod";`,
        "libs/core/src/a.ts": `const text = 'import "zod"';`,
      },
    },
    "types of what is not used": {
      finds: "@types/ws is declared and not used",
      files: {
        "package.json": manifest("a", { devDependencies: { "@types/ws": "1.0.0" } }),
        "docs/dependencies.md": "- `@types/ws`: types",
      },
    },
    "a program that no script runs": {
      finds: "turbo is declared and not used",
      files: {
        "package.json": manifest("a", { devDependencies: { turbo: "1.0.0" } }),
        "docs/dependencies.md": "- `turbo`: builds",
      },
    },
    "pinned, explained, declared, used": {
      files: {
        "libs/core/package.json": manifest("@shoal/core", {
          dependencies: { zod: "4.0.0" },
          devDependencies: { "@types/zod": "1.0.0" },
          optionalDependencies: { b: "1.0.0" },
        }),
        "package.json": manifest("a", {
          devDependencies: { "@types/node": "1.0.0", turbo: "1.0.0", "fast-check": "1.0.0" },
          scripts: { build: "turbo run build" },
        }),
        "docs/dependencies.md": "- `zod` `@types/zod` `b` `@types/node` `turbo` `fast-check`",
        "libs/core/src/a.ts": `import "zod";`,
        "libs/core/src/a.test.ts": `import "fast-check";`,
      },
    },
  },
  "lock-file": {
    "an address": {
      finds: "names a registry",
      files: {
        "package-lock.json": lock({ "node_modules/a": { resolved: "https://r.example/a.tgz", integrity: "x" } }),
      },
    },
    "no hash": { finds: "no integrity", files: { "package-lock.json": lock({ "node_modules/a": {} }) } },
    "a platform left out": {
      finds: "missing",
      files: { "package.json": manifest("a", { optionalDependencies: { b: "1.0.0" } }), "package-lock.json": lock({}) },
    },
    "hashes and links": {
      files: { "package-lock.json": lock({ "node_modules/a": { integrity: "x" }, "node_modules/b": { link: true } }) },
    },
  },
  "type-names": {
    "a name in two files": {
      finds: "A is declared in libs/core/src/b.ts too",
      files: { "libs/core/src/a.ts": "export interface A {}", "libs/core/src/b.ts": "type A = string;" },
    },
    "exported options": {
      finds: "AOptions is declared in",
      files: {
        "libs/core/src/a.ts": "export class AOptions {}",
        "libs/core/src/b.ts": "export type AOptions = string;",
      },
    },
    "option bags, a schema with its type, tests": {
      files: {
        "libs/core/src/a.ts": "interface Options {}\nexport const B = z.object();\nexport type B = z.infer<typeof B>;",
        "libs/core/src/b.ts": "interface Options {}\nfunction f() { type B = string; }",
        "libs/core/src/b.test.ts": "interface B {}",
        "libs/core/src/c.ts": `import type { B } from "./a.ts"; export type { B } from "./a.ts";`,
      },
    },
  },
  unused: {
    "an export that no other file uses": {
      finds: "no other file uses b",
      files: { "libs/core/src/a.ts": "export const b = 1; export const c = b;", "libs/core/src/d.ts": "// b" },
    },
    "a value of an entry that no other workspace uses": {
      finds: "no other workspace uses b",
      files: {
        "libs/core/src/mod.ts": `export { b, type T } from "./a.ts";`,
        "libs/core/src/a.ts": "export const b = 1;",
        "libs/core/src/c.ts": "use(b);",
      },
    },
    "used names": {
      files: {
        "libs/core/src/mod.ts": `export { d, type E } from "./a.ts";`,
        "apps/cli/src/a.ts": "use(d);",
        "libs/core/src/a.ts": "export function b() {} export const d = 1; export type E = 1;",
        "libs/core/src/f.ts": `import { d } from "./a.ts"; use(d);`,
        "libs/core/src/c.ts": `(await load("a.ts")).get("b");`,
      },
    },
  },
  words: {
    "no table": { finds: "has no table", files: {} },
    "in a name": { finds: "createZorp: write queue", files: { ...zorp, "libs/core/src/a.ts": "f(createZorp());" } },
    "in a private member": {
      finds: "zorp: write queue",
      files: { ...zorp, "libs/core/src/a.ts": "class A { #zorp = 1; }" },
    },
    "in a file's name": { finds: `the path has "zorp holder"`, files: { ...zorp, "libs/core/src/zorp-holder.ts": "" } },
    "in a folder's name": { finds: "the path has", files: { ...zorp, "libs/core/src/zorp/a.ts": "" } },
    "in a string": { finds: `"Zorped" in prose`, files: { ...zorp, "libs/core/src/a.ts": "f(`${a} Zorped`);" } },
    "in a comment": { finds: `"zorp" in prose`, files: { ...zorp, "libs/core/src/a.ts": "/* a\n zorp */" } },
    "in a page": { finds: `"zorp" in prose`, files: { ...zorp, "docs/notes/a.md": "The zorp." } },
    "a phrase in a name": {
      finds: "isInTheZorp: write queue",
      files: { ...words("| in the zorp | queue | names |"), "libs/core/src/a.ts": "const isInTheZorp = 1;" },
    },
    "a whole name": {
      finds: "zorp: write queue",
      files: { ...words("| zorp | queue | whole names |"), "libs/core/src/a.ts": "const zorp = 1;" },
    },
    "parts of words, parts of names, other places, generated pages": {
      files: {
        ...words("| zorp | queue | whole names |", "| blip | b | prose |", "| bleep | b | names, not in test/bench |"),
        "libs/core/src/a.ts": "// zorp bleep bliping\nconst zorpAt = 'zorp'; f(blip, bleeper);",
        "test/bench/a.ts": "const bleep = 1;",
        "docs/reference/a.md": "blip",
      },
    },
  },
  "one-version": {
    "no version": { finds: "has no shoalVersion", files: {} },
    "a package behind": {
      finds: "has version 1.0.0",
      files: { ...versionTwo, "libs/a/package.json": manifest("@shoal/a", { version: "1.0.0" }) },
    },
    "a neighbour behind": {
      finds: "depends on @shoal/b 1.0.0",
      files: {
        ...versionTwo,
        "libs/a/package.json": manifest("@shoal/a", { version: "2.0.0", dependencies: { "@shoal/b": "1.0.0" } }),
      },
    },
    "one for all": {
      files: {
        ...versionTwo,
        "libs/a/package.json": manifest("@shoal/a", {
          version: "2.0.0",
          dependencies: { "@shoal/b": "2.0.0", zod: "4.0.0" },
        }),
      },
    },
  },
};

describe.each(rules)("the rule $name", (rule) => {
  const own = Object.entries(samples[rule.name] ?? {});

  it("has samples with and without findings", () => {
    expect(own.some(([, { finds }]) => finds !== undefined)).toBe(true);
    expect(own.some(([, { finds }]) => finds === undefined)).toBe(true);
  });

  it.each(own)("%s", (_, { finds, files }) => {
    const found = [...rule.check(memoryTree(files))].map(({ why }) => why);
    if (finds === undefined) expect(found).toEqual([]);
    else expect(found.join("\n")).toContain(finds);
  });
});
