import { Fault, type NodeCommand, type Random } from "@shoal/core";
import type { Actor, NodeAction, NodeDrain } from "@shoal/proto";
import type { Dispatcher } from "../owner/dispatcher.ts";

/** An operator's order about a node. */
export interface NodeUpdate {
  readonly action: NodeAction;
  readonly why: string;
  /** Of a drain. */
  readonly mode: NodeDrain["mode"];
  /** Of a drain: when the rest of the work is moved. */
  readonly withinMs: number;
  readonly actor: Actor;
}

const commandOf: { readonly [A in NodeAction]: (order: NodeUpdate) => NodeCommand } = {
  approve: ({ why }) => ({ name: "Approve", why }),
  reject: ({ why }) => ({ name: "Reject", why }),
  delete: ({ why }) => ({ name: "Delete", why }),
  drain: ({ why, mode, withinMs }) => ({ name: "Drain", why, mode, withinMs }),
  undrain: ({ why }) => ({ name: "Undrain", why }),
};

/** Sends an order to a node's aggregate. Throws Fault NODE_NOT_FOUND, or NODE_CONFLICT when it changes nothing. */
export async function updateNode(
  { dispatcher, random }: { readonly dispatcher: Dispatcher; readonly random: Random },
  nodeId: string,
  order: NodeUpdate,
): Promise<{ readonly seq: number }> {
  const aggregate = { kind: "node", namespace: "", id: nodeId };
  const command = commandOf[order.action](order);
  const reply = await dispatcher.send({ id: random.uuid(), aggregate, command, actor: order.actor });
  if (!reply.ok) throw new Fault(reply.rejection.code, reply.rejection.why);
  return { seq: reply.seq };
}
