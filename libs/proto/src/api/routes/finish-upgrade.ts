import { z } from "zod";
import { FinishedUpgradeEntity } from "../cluster.ts";
import { defineRoute } from "../route.ts";

export const finishUpgrade = defineRoute({
  name: "finishUpgrade",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/cluster/upgrade",
  summary:
    "Finishes an upgrade: raises the feature level to the one that every live requester supports, for ever; refused with the requesters that are behind.",
  query: z.object({}),
  answer: FinishedUpgradeEntity,
});
