import { z } from "zod";
import { defineRoute } from "../route.ts";

export const openapi = defineRoute({
  name: "openapi",
  methods: ["GET"],
  path: "/openapi.json",
  summary: "Returns this API as an OpenAPI 3.1 document.",
  query: z.object({}),
  answer: z.record(z.string(), z.unknown()),
});
