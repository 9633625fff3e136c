import type { Rule } from "../rule.ts";

/** Each type name has one meaning in the repository's source. */
export const typeNamesRule: Rule = {
  name: "type-names",
  summary:
    "a type is declared once: interfaces, type aliases, classes and enums at the top level of a file that is not a test; option bags (not exported, named …Options) excepted",
  *check(tree) {
    const declared = tree.sources
      .filter(({ isTest }) => !isTest)
      .flatMap(({ path, typeNames }) => typeNames.map((piece) => ({ path, ...piece })))
      .filter(({ text, isExported }) => isExported || !text.endsWith("Options"));
    for (const [name, places] of Map.groupBy(declared, ({ text }) => text)) {
      // A schema and its type, or overloads, share a name within a file.
      const paths = [...new Set(places.map(({ path }) => path))];
      if (paths.length === 1) continue;
      for (const { path, line } of places) {
        const others = paths.filter((other) => other !== path);
        yield { path, line, why: `${name} is declared in ${others.join(", ")} too: give each meaning a name` };
      }
    }
  },
};
