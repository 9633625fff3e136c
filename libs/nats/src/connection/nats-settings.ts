import { secret } from "@shoal/core";
import { z } from "zod";
import { type AuthenticationSettings, authenticationProblem } from "./authentication-settings.ts";

const reread = "; read again for every connection";

/** The settings `nats.…`: the server's URLs and the credentials of a process. `checkNatsSettings` checks them. */
export const natsSettings = {
  url: z
    .string()
    .min(1)
    .default("nats://127.0.0.1:4222")
    .describe(
      "NATS server of the event log; several URLs are separated by commas; tls:// refuses a server without TLS",
    ),
  user: z.string().default("").describe("user name at the NATS server; empty for none"),
  password: secret().default("").describe("password at the NATS server; empty for none"),
  passwordFile: z
    .string()
    .default("")
    .describe(`file with the password at the NATS server, in place of nats.password${reread}`),
  token: secret().default("").describe("token for the NATS server, in place of a user; empty for none"),
  tokenFile: z.string().default("").describe(`file with the token, in place of nats.token${reread}`),
  credentialsFile: z
    .string()
    .default("")
    .describe(`credentials file (.creds) with a JWT and the seed of its key, in place of a user${reread}`),
  nkeyFile: z.string().default("").describe(`file with the seed of an NKey (SU…), in place of a user${reread}`),
  caFile: z
    .string()
    .default("")
    .describe(`certificates of the trusted authorities, PEM; empty for the authorities that Node trusts${reread}`),
  certFile: z.string().default("").describe(`certificate of this client, PEM; empty for none${reread}`),
  keyFile: z.string().default("").describe(`key of the certificate of this client, PEM; empty for none${reread}`),
};

/** The output of `natsSettings`. */
export type NatsSettings = z.output<z.ZodObject<typeof natsSettings>>;

/** The settings as `connectRequester` and `connectNode` take them. An empty setting is left out. */
export function connectionOf(settings: NatsSettings): AuthenticationSettings {
  const { url, user, password, ...files } = settings;
  const { passwordFile, token, tokenFile, credentialsFile, nkeyFile, caFile, certFile, keyFile } = files;
  const named = { user, pass: password, passwordFile, token, tokenFile, credentialsFile, nkeyFile, caFile, certFile };
  const set = Object.entries({ ...named, keyFile }).filter(([, value]) => value !== "");
  return { servers: url.split(",").map((each) => each.trim()), ...Object.fromEntries(set) };
}

/** For a schema's `superRefine`: adds an issue to the setting that conflicts with another. */
export function checkNatsSettings(settings: NatsSettings, issues: z.RefinementCtx): void {
  const problem = authenticationProblem(connectionOf(settings));
  if (problem === undefined) return;
  const path = [problem.setting.slice("nats.".length)];
  issues.addIssue({ code: "custom", message: problem.message, path });
}
