/** A name of a part in every form that code needs, from `gpu-model`. */
export interface PartName {
  /** `gpu-model` */
  readonly kebab: string;
  /** `gpuModel` */
  readonly camel: string;
  /** `GpuModel` */
  readonly pascal: string;
  /** `GPU_MODEL` */
  readonly constant: string;
}

/** A change of a file that is there: the line in a registry, the samples of a contract. */
export interface Edit {
  readonly path: string;
  readonly change: (text: string) => string;
}

/** A sort of part that can be scaffolded. */
export interface PartTemplate {
  /** As in `npm run new <name>`. */
  readonly name: string;
  /** What such a part is, and what to do after the scaffold. */
  readonly summary: string;
  /** The files of the part, its test among them, by path. */
  files(name: PartName): Readonly<Record<string, string>>;
  edits(name: PartName): readonly Edit[];
}

/** Reads `gpu-model`; undefined when it is not a name in lower case with hyphens. */
export function partName(text: string): PartName | undefined {
  if (!/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(text)) return undefined;
  const camel = text.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return {
    kebab: text,
    camel,
    pascal: `${camel.charAt(0).toUpperCase()}${camel.slice(1)}`,
    constant: text.toUpperCase().replaceAll("-", "_"),
  };
}
