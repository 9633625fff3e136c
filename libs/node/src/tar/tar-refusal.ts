/** An archive that is not unpacked any further. The message continues a sentence that begins with the archive: `holds …`. */
export class TarRefusal extends Error {
  override readonly name = "TarRefusal";
  /** A limit was passed, or the archive itself cannot be used. */
  readonly reason: "too large" | "unusable";

  constructor(reason: TarRefusal["reason"], why: string) {
    super(why);
    this.reason = reason;
  }
}
