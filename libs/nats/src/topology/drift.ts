/** A setting of a stream that differs from the plan. */
export interface Difference {
  readonly stream: string;
  readonly field: string;
  readonly expected: string;
  readonly found: string;
  /** With this difference the log could lose stored commits, or readers could miss them. */
  readonly dangerous: boolean;
}

type Config = Readonly<Record<string, unknown>>;

/** The values of settings that the server leaves out. */
const absent: Config = {
  max_age: 0,
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
  allow_direct: false,
  allow_msg_ttl: false,
  subject_delete_marker_ttl: 0,
  compression: "none",
  republish: null,
};

const differs = (expected: unknown, found: unknown) => JSON.stringify(expected) !== JSON.stringify(found);
const isLess = (expected: unknown, found: unknown) => Number(found) < Number(expected);
// A limit where none is planned removes messages that must stay; a different value for a planned limit is an operator's choice.
const isLimited = (expected: unknown, found: unknown) =>
  limitOf(expected) === Number.POSITIVE_INFINITY && limitOf(found) < Number.POSITIVE_INFINITY;
const isTighter = (expected: unknown, found: unknown) => limitOf(found) < limitOf(expected);
const isOff = (expected: unknown, found: unknown) => expected === true && found !== true;
const isOn = (expected: unknown, found: unknown) => expected === false && found === true;
// Without republishing only the live feed is missing. Republishing to another subject would expose the log there.
const isOnOtherNode = (_expected: unknown, found: unknown) => found !== null;
const never = () => false;

// The server represents "no limit" as 0 or -1.
const limitOf = (value: unknown) => (Number(value) > 0 ? Number(value) : Number.POSITIVE_INFINITY);

/** Each setting that is compared, and when a difference in it endangers the log. */
const comparisons: Readonly<Record<string, (expected: unknown, found: unknown) => boolean>> = {
  subjects: differs,
  retention: differs,
  storage: differs,
  num_replicas: isLess,
  max_msgs: isTighter,
  max_msgs_per_subject: differs,
  max_bytes: isLimited,
  max_age: isTighter,
  discard: never,
  duplicate_window: isLess,
  deny_delete: isOff,
  deny_purge: isOff,
  allow_rollup_hdrs: isOn,
  allow_direct: isOff,
  allow_msg_ttl: isOff,
  subject_delete_marker_ttl: isLess,
  compression: never,
  republish: isOnOtherNode,
};

/** Every setting in which a stream differs from the expected configuration. */
export function differencesOf(expected: Config & { readonly name: string }, found: Config): readonly Difference[] {
  return Object.entries(comparisons).flatMap(([field, endangers]) => {
    const [want, have] = [expected[field] ?? absent[field], found[field] ?? absent[field]];
    if (!differs(want, have)) return [];
    const dangerous = endangers(want, have);
    return [{ stream: expected.name, field, expected: JSON.stringify(want), found: JSON.stringify(have), dangerous }];
  });
}
