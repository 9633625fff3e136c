import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { registriesRule } from "../tidy/rules/registries.ts";
import { memoryTree, readTree } from "../tidy/tree.ts";
import { addBehind, addImport, addItem } from "./edits.ts";
import { type PartTemplate, partName } from "./part.ts";
import { templates } from "./parts/index.ts";
import { scaffold } from "./scaffold.ts";

const root = new URL("../../", import.meta.url);
const { paths } = readTree(fileURLToPath(root));
const read = (path: string) => (paths.includes(path) ? readFileSync(new URL(path, root), "utf8") : undefined);
const name = partName("gpu-model") ?? expect.unreachable("a name");

describe.each(templates)("a new $name", (template) => {
  const written = Object.fromEntries(scaffold(template, name, read));

  it("is TypeScript, and has a test", () => {
    for (const [path, text] of Object.entries(written)) expect(parseSync(path, text).errors, path).toEqual([]);
    const hasTest = Object.keys(written).some((path) => path.endsWith(".test.ts"));
    // A row of a table has the tests of the table.
    expect(hasTest || Object.keys(template.files(name)).length === 0).toBe(true);
  });

  it("is in its registry", () => {
    const folders = new Set(Object.keys(written).map((path) => dirname(path)));
    const near = paths.filter((path) => path.endsWith(".ts") && folders.has(dirname(path)));
    const texts = Object.fromEntries(near.map((path) => [path, read(path) ?? ""]));
    const findings = [...registriesRule.check(memoryTree({ ...texts, ...written }))];
    expect(findings.filter(({ path }) => path in written)).toEqual([]);
  });
});

const one: PartTemplate = {
  name: "one",
  summary: "",
  files: ({ kebab }) => ({ [`${kebab}.ts`]: "" }),
  edits: () => [{ path: "index.ts", change: addItem("list = [", "one") }],
};

it("an existing file is never overwritten", () => {
  const texts = new Map([
    ["gpu-model.ts", "mine"],
    ["index.ts", "list = []"],
  ]);
  expect(() => scaffold(one, name, (path) => texts.get(path))).toThrow("gpu-model.ts exists");
});

it("a registry that is gone, or has another form, is named", () => {
  expect(() => scaffold(one, name, () => undefined)).toThrow("index.ts is missing");
  expect(() => addItem("list = [", "a")("list: []")).toThrow(`expected "list = ["`);
  expect(() => addBehind("x", "a")("x x")).toThrow(`expected "x" once`);
});

it("lines go where they belong", () => {
  expect(addItem("a = [", "d")("a = [b, f([c])]; e = [];")).toBe("a = [b, f([c]), d]; e = [];");
  expect(addItem("a = [", "d")("a = [\n  b,\n];")).toBe("a = [\n  b, d];");
  expect(addItem("a = [", "d")("a = [];")).toBe("a = [ d];");
  expect(addImport("import c;")('import a;\nimport {\n  b,\n} from "b";\n\nx;')).toBe(
    'import a;\nimport {\n  b,\n} from "b";\nimport c;\n\nx;',
  );
});

it.each(["GpuModel", "gpu_model", "-gpu", "1gpu", ""])("%j is no name", (text) => {
  expect(partName(text)).toBeUndefined();
});
