import { z } from "zod";
import { defineRoute } from "../route.ts";

const redirect = <const P extends string>(name: string, path: P, to: string) =>
  defineRoute({
    name,
    methods: ["GET"],
    path,
    kind: "redirect",
    summary: `Redirects to ${to}.`,
    query: z.object({}),
    // The path itself, in the header Location.
    answer: z.literal(to),
    statuses: [301],
  });

/** Short paths that Bacalhau's tools use. */
export const redirects = {
  rootRedirect: redirect("rootRedirect", "/", "/api/v1/agent/version"),
  versionRedirect: redirect("versionRedirect", "/version", "/api/v1/agent/version"),
  livezRedirect: redirect("livezRedirect", "/livez", "/api/v1/agent/alive"),
} as const;
