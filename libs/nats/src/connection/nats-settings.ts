import { secret } from "@shoal/core";
import { z } from "zod";
import { type AuthenticationSettings, authenticationProblem } from "./authentication-settings.ts";

const again = "; read again for every connection";

/** The settings `nats.…` that say where the server is and who a process is there; check them with `checkNatsSettings`. */
export const natsSettings = {
  url: z
    .string()
    .min(1)
    .default("nats://127.0.0.1:4222")
    .describe("where the event log lives; several, split by commas; tls:// refuses a server that does not encrypt"),
  user: z.string().default("").describe("user name at the NATS server; empty for none"),
  password: secret().default("").describe("password at the NATS server; empty for none"),
  passwordFile: z
    .string()
    .default("")
    .describe(`file with the password at the NATS server, in place of nats.password${again}`),
  token: secret().default("").describe("token for the NATS server, in place of a user; empty for none"),
  tokenFile: z.string().default("").describe(`file with the token, in place of nats.token${again}`),
  credentialsFile: z
    .string()
    .default("")
    .describe(`credentials file (.creds) with a JWT and the seed of its key, in place of a user${again}`),
  nkeyFile: z.string().default("").describe(`file with the seed of an NKey (SU…), in place of a user${again}`),
  caFile: z
    .string()
    .default("")
    .describe(`certificates of the authorities to trust, PEM; empty for those that Node knows${again}`),
  certFile: z.string().default("").describe(`certificate of this client, PEM; empty for none${again}`),
  keyFile: z.string().default("").describe(`key of the certificate of this client, PEM; empty for none${again}`),
};

/** What `natsSettings` reads. */
export type NatsSettings = z.output<z.ZodObject<typeof natsSettings>>;

/** Where the log is and who we are there, as `connectRequester` and `connectNode` take it. Nothing stands for an empty setting. */
export function connectionOf(settings: NatsSettings): AuthenticationSettings {
  const { url, user, password, ...files } = settings;
  const { passwordFile, token, tokenFile, credentialsFile, nkeyFile, caFile, certFile, keyFile } = files;
  const named = { user, pass: password, passwordFile, token, tokenFile, credentialsFile, nkeyFile, caFile, certFile };
  const set = Object.entries({ ...named, keyFile }).filter(([, value]) => value !== "");
  return { servers: url.split(",").map((each) => each.trim()), ...Object.fromEntries(set) };
}

/** For a schema's `superRefine`: an issue at the setting that contradicts another. */
export function checkNatsSettings(settings: NatsSettings, issues: z.RefinementCtx): void {
  const problem = authenticationProblem(connectionOf(settings));
  if (problem === undefined) return;
  const path = [problem.setting.slice("nats.".length)];
  issues.addIssue({ code: "custom", message: problem.message, path });
}
