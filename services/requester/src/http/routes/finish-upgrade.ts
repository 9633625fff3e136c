import { FinishedUpgradeEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

export const finishUpgrade = defineRoute({
  name: "finish-upgrade",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/cluster/upgrade",
  does: "Finishes an upgrade: raises the feature level to the one that every live requester supports, for ever; refused with the requesters that are behind.",
  query: z.object({}),
  answer: async (_, context) => toWire(FinishedUpgradeEntity, await context.cluster.finishUpgrade()),
});
