import { createHash } from "node:crypto";

/** A configuration as it stands in a file. */
export class RenderedFile {
  readonly bytes: Buffer;
  #hash: string | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** SHA-256 in hexadecimal: how configurations are compared across restarts. Made when it is first asked for. */
  get hash(): string {
    this.#hash ??= createHash("sha256").update(this.bytes).digest("hex");
    return this.#hash;
  }

  equals(other: RenderedFile | undefined): boolean {
    return other !== undefined && this.bytes.equals(other.bytes);
  }
}
