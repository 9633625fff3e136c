import type { SourceFile } from "./source.ts";

/** A violation of a rule. */
export interface Finding {
  readonly path: string;
  /** 1-based; 1 for the whole file. */
  readonly line: number;
  /** The violation and its fix. */
  readonly why: string;
}

/** Every file of the repository that is not generated or installed; paths are relative and use `/`. */
export interface SourceTree {
  readonly paths: readonly string[];
  /** The text of a file; undefined when the file does not exist. */
  text(path: string): string | undefined;
  /** TypeScript and JavaScript files, read once. */
  readonly sources: readonly SourceFile[];
}

/** One convention that a program can check. */
export interface Rule {
  readonly name: string;
  /** The convention in one sentence. */
  readonly summary: string;
  check(tree: SourceTree): Iterable<Finding>;
}
