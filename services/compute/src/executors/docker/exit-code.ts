import { Fault } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import { engineStream, readAll } from "./engine-stream.ts";

const Waited = z.object({ StatusCode: z.int(), Error: z.object({ Message: z.string() }).nullish() });

/**
 * The exit code of a container that has been started, once it has ended. Rejects when the engine goes away or `letGo` fires.
 *
 * Asks for "not running" after the start, not for "the next exit" before it: that can miss nothing, and it is the same
 * question for a container that an earlier process started.
 */
export async function exitCode(docker: Docker, containerId: string, letGo: AbortSignal): Promise<number> {
  const path = `/containers/${containerId}/wait`;
  const stream = await engineStream(docker, { method: "POST", path, query: { condition: "not-running" } });
  let text = "";
  await readAll(stream, letGo, (chunk) => {
    text += Buffer.from(chunk).toString();
  });
  const { StatusCode, Error: wrong } = Waited.parse(JSON.parse(text));
  if (wrong?.Message) throw new Fault("ENGINE_FAILED", wrong.Message);
  return StatusCode;
}
