import type { Rule } from "../rule.ts";
import { linesOf } from "../source.ts";

const pure = /^libs\/(?:proto|core)\/src\//;

// Each makes the output depend on more than the input, or does I/O; all of it is passed as an argument.
const impure = new RegExp(
  [
    String.raw`\bDate\.now\b`,
    String.raw`\bnew Date\(\)`,
    String.raw`\bMath\.random\b`,
    String.raw`\bperformance\.now\b`,
    String.raw`\bcrypto\.(?:randomUUID|getRandomValues)\b`,
    String.raw`(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)(?=\()`,
    String.raw`(?<![.\w])console(?=\.)`,
    // Listed one by one, because a part of a service is called a process too and has start and stop.
    String.raw`(?<![.\w])process\.(?:env|argv|exit|exitCode|stdout|stderr|stdin|cwd|nextTick|hrtime|on|once|pid|platform|memoryUsage|version)\b`,
  ].join("|"),
  "g",
);

/** libs/proto and libs/core use no clock, no random numbers and no I/O. */
export const purityRule: Rule = {
  name: "purity",
  summary: "libs/proto and libs/core use no clock, no random numbers and no I/O",
  *check(tree) {
    for (const { path, code, isTest } of tree.sources) {
      if (!pure.test(path) || (isTest && !path.includes("/testing/"))) continue;
      for (const { line, found } of linesOf(code, impure)) {
        // The simulation lets promises settle before it moves its clock; it measures nothing by that.
        if (isTest && (found === "setImmediate" || found === "queueMicrotask")) continue;
        yield { path, line, why: `uses ${found}: take it as an argument (Clock, ids, a port)` };
      }
    }
  },
};
