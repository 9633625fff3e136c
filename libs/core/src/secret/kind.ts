import {
  SealedSecret,
  SecretDeleted,
  type SecretEvent,
  SecretPut,
  SecretResealed,
  secretMachine,
  secretNameProblem,
} from "@shoal/proto";
import { z } from "zod";
import { type Decision, type Draft, decideWith } from "../decider.ts";
import { type Kind, noReaction } from "../kind.ts";
import { secretViews } from "../views/index.ts";
import { evolveSecret, type Secret } from "./secret.ts";

const Put = SealedSecret.extend({
  name: z.literal("Put"),
  namespace: z.string(),
  secret: z.string().refine((name) => secretNameProblem(name) === undefined, "expected the name of a secret"),
  version: z.int().min(1),
});
const Reseal = SealedSecret.extend({ name: z.literal("Reseal"), version: z.int().min(1) });
const Delete = z.object({ name: z.literal("Delete") });

/** The commands of a secret. A value is sealed for the version that the command names, which is the next one. */
export type SecretCommand = z.infer<typeof Put> | z.infer<typeof Reseal> | z.infer<typeof Delete>;

/** Secrets of a namespace. They have nothing live: one is settled at once. */
export const secretKind: Kind<Secret, SecretCommand, SecretEvent> = {
  name: "secret",
  isNamespaced: true,
  events: secretMachine.rows.map(([, event]) => event),
  decide,
  evolve: evolveSecret,
  react: () => noReaction,
  isEnded: ({ state }) => state === "deleted",
  isSettled: () => true,
  nodesOf: () => [],
  views: secretViews,
  creates: ["Put"],
  accepts: { Put, Reseal, Delete },
};

function decide(secret: Secret | undefined, command: SecretCommand, now: number): Decision<SecretEvent> {
  return decideWith<Secret, SecretEvent>(evolveSecret, secret, {
    now,
    decide(draft) {
      if (command.name === "Delete") {
        if (secret?.state !== "present")
          draft.refuse("SECRET_NOT_FOUND", "the secret does not exist, or is deleted already");
        return draft.emit(SecretDeleted.of({}));
      }
      if (command.name === "Reseal") return reseal(draft, secret, command);
      const { namespace, secret: name, version, keyId, sealed } = command;
      const expected = (secret?.version ?? 0) + 1;
      if (version !== expected)
        draft.refuse("REVISION_CONFLICT", `expected version ${expected} of the secret ${name}, got ${version}`);
      draft.emit(SecretPut.of({ namespace, name, version, keyId, sealed }));
    },
  });
}

function reseal(
  draft: Draft<Secret, SecretEvent>,
  secret: Secret | undefined,
  { version, keyId, sealed }: z.infer<typeof Reseal>,
): void {
  const stored = secret?.versions.find((each) => each.version === version);
  if (stored === undefined) draft.refuse("SECRET_NOT_FOUND", `version ${version} of the secret is not stored`);
  // Otherwise another requester was faster.
  else if (stored.keyId !== keyId) draft.emit(SecretResealed.of({ version, keyId, sealed }));
}
