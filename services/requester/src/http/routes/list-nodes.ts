import { selects } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { parseSelector } from "../../catalog/selector.ts";
import { sortNodes } from "../../reads/sort-nodes.ts";
import { defineHandler } from "../route-handler.ts";

export const listNodes = defineHandler(apiRoutes.listNodes, ({ query }, context) => {
  const requirements = parseSelector(query.labels);
  const { approval, status } = query;
  const nodes = context.nodes
    .all()
    .filter(
      (node) =>
        (approval === "all" || node.membership.toLowerCase() === approval) &&
        (status === "all" || node.connection === status) &&
        requirements.every((each) => selects(node.info.labels, each)),
    );
  return { nextToken: "", nodes: sortNodes(nodes, query.orderBy, query.reverse).slice(0, query.limit) };
});
