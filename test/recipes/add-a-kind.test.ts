import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { kinds } from "@shoal/core";
import { errandKind } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const recipe = readFileSync(new URL("docs/recipes/add-a-kind.md", root), "utf8");
// Steps 1 to 3 describe these.
const inSteps = ["events", "decide", "evolve"];

describe("the recipe of a kind", () => {
  it("explains each member of a kind", () => {
    const members = new Set([...kinds.parts, errandKind].flatMap((kind) => Object.keys(kind)));
    const missing = [...members].filter((member) => !inSteps.includes(member) && !recipe.includes(`\`${member}\``));
    expect(missing).toEqual([]);
  });
  it("names existing files", () => {
    const named = [...recipe.matchAll(/`((?:libs|scripts|test)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    expect(named).not.toEqual([]);
    expect(named.filter((path) => !existsSync(fileURLToPath(new URL(path, root))))).toEqual([]);
  });
});
