/** Refuses an archive. The message continues a sentence that begins with the archive: `contains …`. */
export class TarRefusal extends Error {
  override readonly name = "TarRefusal";
  /** A limit was exceeded, or the archive is invalid. */
  readonly reason: "too large" | "unusable";

  constructor(reason: TarRefusal["reason"], why: string) {
    super(why);
    this.reason = reason;
  }
}
