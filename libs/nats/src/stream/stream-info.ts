import { Fault } from "@shoal/core";
import { z } from "zod";
import type { Link } from "../connection/link.ts";
import { askPatiently } from "../connection/server-request.ts";

const Info = z.object({ config: z.record(z.string(), z.unknown()) });

/** A stream's settings as the server has them; undefined when there is no such stream. */
export async function streamInfo(link: Link, stream: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const what = `asking about stream ${stream}`;
  const answer = await askPatiently(link, what, { subject: `$JS.API.STREAM.INFO.${stream}`, body: {} });
  if (answer.state === "none") return undefined;
  if (answer.state === "error") throw new Fault("LOG_UNSUITABLE", `${what}: ${answer.why}`);
  return Info.parse(answer.body).config;
}
