import { once } from "node:events";
import { failureInWords } from "../failure.ts";
import { notifyParent } from "../process/parent.ts";
import { rightsOrderOf } from "./rights-order.ts";

// Adds the rights to the users of a devstack's NATS server, and ends. A process, because a devstack would keep the 25 MiB of schemas
// that define the subjects for as long as it runs.
process.channel?.ref(); // Keeps this process alive until it has its order.
const [message] = await once(process, "message");
try {
  const { requester, nodes } = rightsOrderOf(message);
  const { permissionsOfNode, permissionsOfRequester } = await import("@shoal/nats/rights");
  const users = [
    { ...requester, rights: permissionsOfRequester() },
    ...nodes.map((node) => ({ ...node, rights: permissionsOfNode(node.user) })),
  ];
  await notifyParent({ type: "ready", facts: { users } });
} catch (failure) {
  await notifyParent({ type: "failed", ...failureInWords(failure) });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
