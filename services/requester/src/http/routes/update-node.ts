import { Fault } from "@shoal/core";
import { apiRoutes, fromWire } from "@shoal/proto";
import { findNode } from "../../reads/find-node.ts";
import { clientActor } from "../client-actor.ts";
import { defineHandler } from "../route-handler.ts";

export const updateNode = defineHandler(apiRoutes.updateNode, async (request, context) => {
  const read = fromWire(apiRoutes.updateNode.body, request.body ?? {});
  if (!read.ok) throw new Fault("BAD_REQUEST", read.problems.join("\n"));
  const { action, message, nodeId, mode, deadline } = read.value;
  const { info } = findNode(context.nodes, request.param("id"));
  if (nodeId !== "" && !info.nodeId.startsWith(nodeId))
    throw new Fault("BAD_REQUEST", `NodeID: expected ${info.nodeId}, as in the path, got ${nodeId}`);
  if (info.nodeType !== "Compute")
    throw new Fault("BAD_REQUEST", `expected a compute node, got ${info.nodeId}, which is a requester`);
  const order = { action, why: message, mode, withinMs: deadline * 1000, actor: clientActor(request.request) };
  const { seq } = await context.commands.updateNode(info.nodeId, order);
  request.reflects(seq);
  return { success: true };
});
