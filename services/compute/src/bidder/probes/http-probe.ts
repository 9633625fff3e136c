import { causeOf } from "@shoal/core";
import { z } from "zod";
import { type Probe, type ProbeVerdict, probeLimits } from "./probe.ts";

export interface HttpProbeOptions {
  readonly url: string;
  readonly limitMs: number;
}

const Verdict = z.object({ shouldBid: z.boolean(), reason: z.string().default("") });

/**
 * Posts the request as JSON. A status of 400 or more refuses; so does the answer `{"shouldBid": false, "reason": "…"}`.
 * A service that does not answer in time has given no verdict.
 */
export function httpProbe({ url, limitMs }: HttpProbeOptions): Probe {
  return async (request): Promise<ProbeVerdict> => {
    try {
      const answer = await fetch(url, {
        method: "POST",
        body: request,
        headers: { "content-type": "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(limitMs),
      });
      const text = await textOf(answer);
      // A service that fails has given no verdict.
      if (answer.status >= 400)
        return refused(`answered with status ${answer.status}`, firstLine(text), answer.status >= 500);
      const verdict = verdictIn(text);
      return verdict?.shouldBid === false ? refused("refuses", verdict.reason, false) : { fit: true };
    } catch (failure) {
      return refused("gave no answer", causeOf(failure).why, true);
    }
  };
}

function refused(what: string, reason: string, mayChange: boolean): ProbeVerdict {
  const because = reason === "" ? "" : `: ${reason.slice(0, probeLimits.reasonChars)}`;
  return { fit: false, why: `the HTTP probe ${what}${because}`, mayChange };
}

const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";

function verdictIn(text: string): z.infer<typeof Verdict> | undefined {
  try {
    return Verdict.safeParse(JSON.parse(text)).data;
  } catch {
    // The answer is optional.
    return undefined;
  }
}

/** The answer as text; the rest of a long one is not read. */
async function textOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= probeLimits.outputBytes) break;
  }
  return text;
}
