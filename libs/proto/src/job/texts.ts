import { z } from "zod";

/** The limits of a spec. Pass larger data as an input source, by reference. */
export const specLimits = {
  /** The most partitions of one job; each costs the log and the views an entry. */
  count: 10_000,
  tasks: 1,
  /** Entries of any list or map in a spec. */
  entries: 256,
  /** Characters of any one text in a spec outside of params. */
  textChars: 32_768,
  nameChars: 256,
} as const;

/** A text of a spec. */
export const text = z
  .string()
  .max(specLimits.textChars)
  .refine((value) => !value.includes("\0"), "holds a null character");
// Terminals print these: a control character moves the cursor; a format character such as U+202E makes one text look like another.
/** A text that is shown to people. */
export const readable = (of: z.ZodString): z.ZodString =>
  of
    .refine((value) => !/\p{Cc}/u.test(value), "holds a control character")
    .refine((value) => !/\p{Cf}/u.test(value), "holds an invisible format character");
/** A name. */
export const short = readable(text.max(specLimits.nameChars));

/** A map of texts, no larger than any list of a spec. */
export const texts = (of: z.ZodType<string> = text) =>
  z.record(z.string(), of).superRefine((map, issues) => {
    const count = Object.keys(map).length;
    if (count <= specLimits.entries) return;
    issues.addIssue({ code: "custom", message: `expected at most ${specLimits.entries} entries, got ${count}` });
  });

/** Labels: keys and values are shown to people. */
export const Labels = texts(readable(text)).superRefine((labels, issues) => {
  for (const key of Object.keys(labels)) {
    if (/[\p{Cc}\p{Cf}]/u.test(key)) {
      issues.addIssue({
        code: "custom",
        message: `the label ${JSON.stringify(key)} holds a control or format character`,
      });
    }
  }
});
