import { parseArgs } from "node:util";
import { checkoutPath } from "./checkout.ts";
import { runDemo } from "./run-demo.ts";

const usage = `Shows what Shoal does, on a real cluster on this machine, in under a minute.

Usage: npm run demo [-- options]

  --keep         leave the cluster up at the end, and print how to use it
  --text <file>  count the words of this file instead of the project's licence
  --no-feed      hide the live event feed
  --help         print this text
`;

// The reader of the output has closed the pipe, as in `npm run demo | head`.
process.stdout.on("error", () => process.exit(0));
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
    if (!values.help) return await runDemo({ keep: values.keep, textFile: values.text, feed: !values["no-feed"] });
    process.stdout.write(usage);
    return 0;
  } catch (failure) {
    process.stderr.write(`Error: ${failure instanceof Error ? failure.message : String(failure)}\n`);
    return 1;
  }
}
