import { z } from "zod";
import { FinishedUpgradeEntity } from "../cluster.ts";
import { defineRoute } from "../route.ts";

export const finishUpgrade = defineRoute({
  name: "finishUpgrade",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/cluster/upgrade",
  summary:
    "Finishes an upgrade: raises the feature level, permanently, to the highest that every live requester supports; refused with a list of the requesters that are not upgraded.",
  query: z.object({}),
  answer: FinishedUpgradeEntity,
});
