import { type CommandPart, wholeNumber } from "../command.ts";
import { printEvent } from "../progress/print-event.ts";

export const events: CommandPart = {
  options: [
    {
      flags: "--after <position>",
      summary: "begin after this position in the log; 0 begins with the first event",
      read: wholeNumber("--after", 0, Number.MAX_SAFE_INTEGER),
    },
  ],
  examples: ["shoal events", "shoal events --after 0 --output json", "shoal events j-1234abcd"],
  async run({ context, args: [name], options }) {
    const { terminal, namespace } = context;
    const client = await context.client();
    const jobId = name === undefined ? undefined : (await client.job(name, { namespace })).id;
    const everywhere = namespace === "*" ? undefined : namespace;
    const feed = client.events({
      namespace: everywhere,
      jobId,
      after: options.number("after"),
      signal: context.interrupted(),
    });
    for await (const event of feed) {
      if (context.output === "json") terminal.out(`${JSON.stringify(event.cloudEvent)}\n`);
      else printEvent(terminal, event, { about: jobId === undefined });
    }
    return 0;
  },
};
