import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { counted } from "../../output/counted.ts";
import { printJson } from "../../output/print-json.ts";

export const reseal: CommandPart = {
  examples: ["shoal secret init keys.pem --rotate", "shoal secret reseal"],
  async run({ context: { client: open, output, terminal } }) {
    const client = await open();
    const failed: NotResealed[] = [];
    let resealed = 0;
    let keyId = "";
    let after = "";
    do {
      const json = await client.call(apiRoutes.resealSecrets, {}, { After: after });
      const done = readAnswer(apiRoutes.resealSecrets, json);
      resealed += done.resealed;
      failed.push(...done.failed);
      keyId = done.keyId;
      after = done.next;
    } while (after !== "");
    if (output === "json") printJson(terminal, { KeyID: keyId, Resealed: resealed, Failed: failed.map(onWire) });
    else terminal.out(`Sealed ${counted(resealed, "version")} to key ${keyId}\n`);
    if (failed.length > 0) throw notResealed(failed);
    if (output !== "json")
      terminal.out("No secret needs another key: remove the others from the key file of every requester.\n");
    return 0;
  },
};

type NotResealed = ReturnType<typeof readAnswer<typeof apiRoutes.resealSecrets>>["failed"][number];

const onWire = ({ namespace, name, version, keyId, why }: NotResealed) => ({
  ...{ Namespace: namespace, Name: name, Version: version, KeyID: keyId, Why: why },
});

// A page of a terminal; the versions of one key have one reason.
const shownMax = 10;

function notResealed(failed: readonly NotResealed[]): CliError {
  const shown = failed
    .slice(0, shownMax)
    .map(({ namespace, name, version, why }) => `${namespace}/${name}@${version}: ${why}`);
  const more = failed.length > shownMax ? [`and ${failed.length - shownMax} more`] : [];
  return new CliError(
    "SECRETS_UNAVAILABLE",
    ["some versions are still sealed to other keys, and no key may be removed:", ...shown, ...more].join("\n"),
    "add the missing keys to the key file of the requester, restart it and run this again; or put these secrets again, or delete them",
  );
}
