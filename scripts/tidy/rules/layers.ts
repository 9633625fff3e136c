import type { Finding, Rule } from "../rule.ts";
import type { SourceFile } from "../source.ts";
import type { SourceImport } from "../syntax.ts";
import { ownPackage, packageOf, resolveImport, workspaceOf } from "../workspaces.ts";

interface Layer {
  /** Workspace packages that it may import. */
  readonly own: readonly string[];
  /** Workspace packages that only its tests may import. */
  readonly inTests?: readonly string[];
  /** Workspace packages that it may load with `import()` or use in types. */
  readonly lazily?: readonly string[];
  /** Other packages; absent when it may import all that it declares. */
  readonly packages?: readonly string[];
  /** Whether it may import node:*. */
  readonly node: boolean;
}

/** The imports that each workspace may have. ARCHITECTURE.md has the same table. */
const layers: Readonly<Record<string, Layer>> = {
  "libs/proto": { own: [], packages: ["zod"], node: false },
  "libs/core": { own: ["proto"], packages: ["zod"], node: false },
  "libs/nats": { own: ["proto", "core"], inTests: ["node"], node: true },
  "libs/node": { own: ["proto", "core"], node: true },
  "libs/wasi-sandbox": { own: ["proto", "core", "node"], node: true },
  "libs/client": { own: ["proto"], node: false },
  "services/requester": { own: ["proto", "core", "nats", "node"], node: true },
  "services/compute": { own: ["proto", "core", "nats", "node", "wasi-sandbox"], node: true },
  "apps/cli": { own: ["proto", "client", "node"], lazily: ["requester", "compute", "nats"], node: true },
  "apps/demo": { own: ["proto", "client", "node"], node: true },
  "apps/console": { own: ["proto", "client"], node: false },
};

// Packages that every test may import, besides node:*.
const testPackages = ["vitest", "fast-check"];

/** Imports follow the table of layers, and only libs/nats imports NATS packages. */
export const layersRule: Rule = {
  name: "layers",
  summary: "imports follow the table of layers, and only libs/nats imports a NATS package",
  *check(tree) {
    for (const source of tree.sources) {
      for (const one of source.imports) {
        const why = refusal(source, one);
        if (why !== undefined) yield { path: source.path, line: one.line, why } satisfies Finding;
      }
    }
  },
};

function refusal(source: SourceFile, one: SourceImport): string | undefined {
  const home = workspaceOf(source.path);
  if (one.from.startsWith("@nats-io/") && home !== "libs/nats") {
    return `imports ${one.from}: only libs/nats may; add what you need there`;
  }
  if (home === undefined) return undefined;
  const layer = layers[home];
  if (layer === undefined) return `${home} has no row in the table of layers (scripts/tidy/rules/layers.ts): add one`;
  return leavesHome(source, one, home) ?? ownRefusal(layer, source, one) ?? foreignRefusal(layer, source, one);
}

function leavesHome(source: SourceFile, one: SourceImport, home: string): string | undefined {
  const target = resolveImport(source.path, one.from);
  if (target === undefined || target.startsWith(`${home}/`)) return undefined;
  // test/ has what tests of several workspaces share (images, servers).
  if (source.isTest && target.startsWith("test/")) return undefined;
  return `imports ${one.from}, outside ${home}: import the package by its name`;
}

function ownRefusal(layer: Layer, source: SourceFile, one: SourceImport): string | undefined {
  const own = ownPackage(one.from);
  if (own === undefined || layer.own.includes(own) || workspaceOf(source.path)?.endsWith(`/${own}`)) return undefined;
  if (source.isTest && layer.inTests?.includes(own) === true) return undefined;
  const lazily = layer.lazily?.includes(own) === true;
  if (lazily && one.kind !== "static") return undefined;
  if (lazily) return `imports ${one.from}: here only as a type or with import()`;
  return `imports ${one.from}: this layer may import only ${layer.own.join(", ") || "none of ours"}`;
}

function foreignRefusal(layer: Layer, source: SourceFile, one: SourceImport): string | undefined {
  if (source.isTest || ownPackage(one.from) !== undefined) return undefined;
  if (one.from.startsWith("node:")) return layer.node ? undefined : `imports ${one.from}: this layer runs without Node`;
  const name = packageOf(one.from);
  if (name === undefined) return undefined;
  if (testPackages.includes(name)) return `imports ${name}: only tests, contracts and testing/ may`;
  if (layer.packages === undefined || layer.packages.includes(name)) return undefined;
  return `imports ${name}: this layer may import only ${layer.packages.join(", ")}`;
}
