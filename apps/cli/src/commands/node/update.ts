import { apiRoutes, type NodeAction } from "@shoal/proto";
import { type CommandPart, duration, type OptionRow, type Options } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { printJson } from "../../output/print-json.ts";

const message: OptionRow = {
  flags: "-m, --message <text>",
  summary: "message for the history of the node",
  fallback: "",
};

interface Order {
  readonly action: NodeAction;
  /** Printed before the id of the node. */
  readonly done: string;
  readonly options?: readonly OptionRow[];
  readonly examples?: readonly string[];
  /** More fields of the request. */
  readonly body?: (options: Options) => Readonly<Record<string, unknown>>;
}

/** A command that sends an order about one node. */
const order = ({ action, done, options: own = [], examples = [], body = () => ({}) }: Order): CommandPart => ({
  options: [message, ...own],
  examples,
  async run({ context, args: [node = ""], options }) {
    const client = await context.client();
    const { info } = await client.node(node);
    const { nodeId } = info;
    const sent = { Action: action, Message: options.text("message"), NodeID: nodeId, ...body(options) };
    const json = await client.call(apiRoutes.updateNode, { id: nodeId }, sent);
    if (context.output === "json") printJson(context.terminal, json);
    else context.terminal.out(`${done}: ${nodeId}\n`);
    return 0;
  },
});

export const approve = order({ action: "approve", done: "Node approved" });
export const reject = order({ action: "reject", done: "Node rejected, its work moves to other nodes" });
export const remove = order({ action: "delete", done: "Node deleted" });
export const undrain = order({ action: "undrain", done: "Node gets work again" });

// As the API accepts.
const deadlineMax = 30 * 24 * 3600;

export const drain = order({
  action: "drain",
  done: "Node is draining",
  options: [
    { flags: "--finish", summary: "batch and ops work may end until the deadline (the default)" },
    { flags: "--move", summary: "all work moves to other nodes at once" },
    {
      flags: "--deadline <duration>",
      summary: "when the rest of the work moves, as in 90s, 10m or 2h; an hour by default",
      read: duration("--deadline", deadlineMax),
    },
  ],
  examples: ["shoal node drain n-1 --deadline 10m -m 'new kernel'"],
  body(options) {
    if (options.flag("finish") && options.flag("move"))
      throw new CliError("BAD_REQUEST", "expected one of --finish and --move, got both", "");
    const seconds = options.number("deadline");
    return { Mode: options.flag("move") ? "move" : "finish", ...(seconds === undefined ? {} : { Deadline: seconds }) };
  },
});
