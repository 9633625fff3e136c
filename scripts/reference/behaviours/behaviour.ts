/** A test that proves a behaviour. */
export interface NamedTest {
  /** Path from the root. */
  readonly file: string;
  /** The title; with the titles around it, `outer > inner`, where the file has it twice. `…` is a part that is computed. */
  readonly title: string;
  /** The row of a test with several: a text or a key of the file, or of a file beside it that it imports. */
  readonly row?: string;
}

/** One thing that Shoal does, and the tests that fail without it. */
export interface Behaviour {
  /** One sentence. */
  readonly behaviour: string;
  readonly tests: readonly NamedTest[];
  /** What is not there yet, in one phrase. */
  readonly missing?: string;
}

/** The behaviours of one subject. */
export interface BehaviourSection {
  readonly title: string;
  readonly rows: readonly Behaviour[];
}

/** Names the tests of one file: `const submit = testsOf("…/submit.test.ts")`, then `submit("a title", "a row")`. */
export function testsOf(file: string): (title: string, row?: string) => NamedTest {
  return (title, row) => ({ file, title, ...(row === undefined ? {} : { row }) });
}

/** A behaviour with the tests that prove it. */
export function shown(behaviour: string, ...tests: readonly NamedTest[]): Behaviour {
  return { behaviour, tests };
}

/** A behaviour that is not there, or that no test proves, with the reason; tests may prove a part of it. */
export function notYet(behaviour: string, missing: string, ...tests: readonly NamedTest[]): Behaviour {
  return { behaviour, missing, tests };
}
