import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

const places = [
  ["/", "/api/v1/agent/version"],
  ["/version", "/api/v1/agent/version"],
  ["/livez", "/api/v1/agent/alive"],
] as const;

/** Short addresses that the field's tools know. */
export const redirects = places.map(([path, to]) =>
  defineRoute({
    name: `redirect ${path}`,
    methods: ["GET"],
    path,
    does: `Leads to ${to}.`,
    query: z.object({}),
    answer: ({ reply }) => reply.redirect(to, 301),
  }),
);
