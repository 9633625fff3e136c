import { Fault, type StoredCommit } from "@shoal/core";
import { apiRoutes, eventText, type NodeHistoryEntity, tokenProblem, typesWithText } from "@shoal/proto";
import { z } from "zod";
import { findNode } from "../../reads/find-node.ts";
import { pageLimitHeader, readToken, writeToken } from "../../wire/page-token.ts";
import type { ApiContext } from "../api-context.ts";
import { defineHandler } from "../route-handler.ts";

export const nodeHistory = defineHandler(apiRoutes.nodeHistory, async ({ query, param, reply, reflects }, context) => {
  const stored = await commitsOf(param("id"), context);
  reflects(stored.at(-1)?.seq ?? 0);
  reply.header(pageLimitHeader, query.limit);
  const from = readToken(z.int().min(1), query.nextToken) ?? 1;
  const rest = stored.flatMap(entriesOf).map((entry, index) => ({ ...entry, seqNum: index + 1 }));
  const matching = rest.filter(({ seqNum, time }) => seqNum >= from && time >= query.since * 1000);
  const items = matching.slice(0, query.limit);
  const next = (items.at(-1)?.seqNum ?? 0) + 1;
  return { nextToken: matching.length > items.length ? writeToken(next) : "", items };
});

/** The log of a node: by its full id, also when it is not listed any more, or by a prefix of a listed one. */
async function commitsOf(called: string, { log, nodes }: ApiContext): Promise<readonly StoredCommit[]> {
  const load = (id: string) => log.load({ kind: "node", namespace: "", id });
  const stored = tokenProblem(called) === undefined ? await load(called) : [];
  if (stored.length > 0) return stored;
  const { nodeId } = findNode(nodes, called).info;
  const listed = nodeId === called ? [] : await load(nodeId);
  if (listed.length === 0) throw new Fault("NODE_NOT_FOUND", `${nodeId} is a requester, which has no history`);
  return listed;
}

function entriesOf({
  aggregate,
  commit: { actor, at, events },
}: StoredCommit): readonly Omit<NodeHistoryEntity, "seqNum">[] {
  return events
    .filter(({ type }) => typesWithText.has(type))
    .map((event) => {
      const { message, topic, details } = eventText(event);
      const by = { type: actor.type, id: actor.id };
      return { nodeId: aggregate.id, event: { message, topic, details: { ...details } }, actor: by, time: at };
    });
}
