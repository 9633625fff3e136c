import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

const moved = 301;
const { rootRedirect, versionRedirect, livezRedirect } = apiRoutes;

/** Short addresses that Bacalhau's tools use. */
export const redirects = [rootRedirect, versionRedirect, livezRedirect].map((route) =>
  defineHandler(route, ({ reply }) => reply.redirect(route.answer.value, moved)),
);
