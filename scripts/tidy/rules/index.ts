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
import { unusedRule } from "./unused.ts";
import { wordsRule } from "./words.ts";

/** Every rule. biome checks sizes, casts and formats (biome.json), the compiler checks types. */
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
  unusedRule,
  wordsRule,
];

/** Rules that the tree does not meet yet: their samples are tests, and `main.ts <name>` lists the findings of each. */
export const notMetYet: readonly Rule[] = [];
