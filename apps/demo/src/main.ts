import { parseArgs } from "node:util";
import { exitOf, processTerminal, sayFailure } from "@shoal/cli/parts";
import { checkoutPath } from "./checkout.ts";
import { runDemo } from "./run-demo.ts";

const usage = `Shows what Shoal does, on a real cluster on this machine, in under a minute.

Usage: npm run demo [-- options]

  --keep         leave the cluster up at the end, and print how to use it
  --text <file>  count the words of this file instead of the project's licence
  --no-feed      hide the live event feed
  --help         print this text
`;

const terminal = processTerminal();
process.exit(await main());

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        keep: { type: "boolean", default: false },
        text: { type: "string", default: checkoutPath("LICENSE") },
        "no-feed": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (!values.help)
      return await runDemo({ terminal, keep: values.keep, textFile: values.text, feed: !values["no-feed"] });
    terminal.out(usage);
    return 0;
  } catch (failure) {
    sayFailure(terminal, failure);
    return exitOf(failure);
  }
}
