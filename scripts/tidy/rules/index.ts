import type { Rule } from "../rule.ts";
import { dependenciesRule } from "./dependencies.ts";
import { doorsRule } from "./doors.ts";
import { layersRule } from "./layers.ts";
import { leftoversRule } from "./leftovers.ts";
import { lockFileRule } from "./lock-file.ts";
import { namesRule } from "./names.ts";
import { oneVersionRule } from "./one-version.ts";
import { purityRule } from "./purity.ts";
import { registriesRule } from "./registries.ts";
import { typeNamesRule } from "./type-names.ts";
import { wordsRule } from "./words.ts";

/** Every rule. Sizes, casts and formats are biome's (biome.json), types are the compiler's. */
export const rules: readonly Rule[] = [
  layersRule,
  purityRule,
  registriesRule,
  doorsRule,
  namesRule,
  leftoversRule,
  dependenciesRule,
  lockFileRule,
  oneVersionRule,
  typeNamesRule,
  wordsRule,
];

/** Rules that the tree does not meet yet: their samples are tests, and `main.ts <name>` lists what each finds. */
export const notMetYet: readonly Rule[] = [wordsRule];
