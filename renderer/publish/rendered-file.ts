import { createHash } from "node:crypto";

export class RenderedFile {
  readonly bytes: Buffer;
  #hash: string | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** SHA-256 in hexadecimal; compares files across restarts. Computed on first use. */
  get hash(): string {
    this.#hash ??= createHash("sha256").update(this.bytes).digest("hex");
    return this.#hash;
  }

  equals(other: RenderedFile | undefined): boolean {
    return other !== undefined && this.bytes.equals(other.bytes);
  }
}
