import type { SourceFile } from "./source.ts";

/** Something that is not as the house wants it. */
export interface Finding {
  readonly path: string;
  /** 1-based; 1 when the whole file is meant. */
  readonly line: number;
  /** What was found and what to do. */
  readonly why: string;
}

/** Every file of the repository that is not generated or installed; paths are relative and use `/`. */
export interface SourceTree {
  readonly paths: readonly string[];
  /** The text of a file; undefined when there is no such file. */
  text(path: string): string | undefined;
  /** TypeScript and JavaScript files, read once. */
  readonly sources: readonly SourceFile[];
}

/** One habit of the house that a machine can check. */
export interface Rule {
  readonly name: string;
  /** The habit in one sentence. */
  readonly summary: string;
  check(tree: SourceTree): Iterable<Finding>;
}
