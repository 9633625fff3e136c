/** One setting of a stream that is not as planned. */
export interface Difference {
  readonly stream: string;
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
  /** The log could lose what it has promised, or readers would not find it. */
  readonly dangerous: boolean;
}

type Config = Readonly<Record<string, unknown>>;

/** What the server means by leaving a setting out. */
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

const differs = (wanted: unknown, found: unknown) => JSON.stringify(wanted) !== JSON.stringify(found);
const isLess = (wanted: unknown, found: unknown) => Number(found) < Number(wanted);
// A limit where none is planned loses what must stay; another limit than the planned one is an operator's choice.
const isLimited = (wanted: unknown, found: unknown) =>
  limitOf(wanted) === Number.POSITIVE_INFINITY && limitOf(found) < Number.POSITIVE_INFINITY;
const isTighter = (wanted: unknown, found: unknown) => limitOf(found) < limitOf(wanted);
const isOff = (wanted: unknown, found: unknown) => wanted === true && found !== true;
const isOn = (wanted: unknown, found: unknown) => wanted === false && found === true;
// Without it nothing arrives live, and nothing depends on that; to another subject the log speaks where it must not.
const isElsewhere = (_wanted: unknown, found: unknown) => found !== null;
const never = () => false;

// The server writes 0 or -1 for "no limit".
const limitOf = (value: unknown) => (Number(value) > 0 ? Number(value) : Number.POSITIVE_INFINITY);

/** Each setting that is compared, and when a difference in it endangers the log. */
const comparisons: Readonly<Record<string, (wanted: unknown, found: unknown) => boolean>> = {
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
  republish: isElsewhere,
};

/** Every setting in which a stream is not as wanted. */
export function differencesOf(wanted: Config & { readonly name: string }, found: Config): readonly Difference[] {
  return Object.entries(comparisons).flatMap(([field, endangers]) => {
    const [want, have] = [wanted[field] ?? absent[field], found[field] ?? absent[field]];
    if (!differs(want, have)) return [];
    const dangerous = endangers(want, have);
    return [{ stream: wanted.name, field, wanted: JSON.stringify(want), found: JSON.stringify(have), dangerous }];
  });
}
