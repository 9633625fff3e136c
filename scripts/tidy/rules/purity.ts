import type { Rule } from "../rule.ts";
import { linesOf } from "../source.ts";

const pure = /^libs\/(?:proto|core)\/src\//;

// Each would make the same input give another output, or reach outside; all of it arrives as an argument.
const impure = new RegExp(
  [
    String.raw`\bDate\.now\b`,
    String.raw`\bnew Date\(\)`,
    String.raw`\bMath\.random\b`,
    String.raw`\bperformance\.now\b`,
    String.raw`\bcrypto\.(?:randomUUID|getRandomValues)\b`,
    String.raw`(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)(?=\()`,
    String.raw`(?<![.\w])console(?=\.)`,
    // Named one by one: a part of a service is a "process" too, and it has a start and a stop.
    String.raw`(?<![.\w])process\.(?:env|argv|exit|exitCode|stdout|stderr|stdin|cwd|nextTick|hrtime|on|once|pid|platform|memoryUsage|version)\b`,
  ].join("|"),
  "g",
);

/** The language and the judgement read no clock, roll no dice and do no I/O. */
export const purityRule: Rule = {
  name: "purity",
  summary: "libs/proto and libs/core read no clock, roll no dice, do no I/O",
  *check(tree) {
    for (const { path, code, isTest } of tree.sources) {
      if (!pure.test(path) || (isTest && !path.includes("/testing/"))) continue;
      for (const { line, found } of linesOf(code, impure)) {
        // The bench lets promises settle before it moves its clock; nothing is measured by that.
        if (isTest && (found === "setImmediate" || found === "queueMicrotask")) continue;
        yield { path, line, why: `uses ${found}: take it as an argument (Clock, ids, a port)` };
      }
    }
  },
};
