import { createHash, createPublicKey, verify } from "node:crypto";
import { quoted } from "../../shared/log.ts";
import { type Checkpoint, parseCheckpoint } from "../../shared/merkle.ts";
import { readSmall } from "../audit-files.ts";

/** DER before the 32 bytes of an Ed25519 public key. */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** Verifies checkpoints that one key signed. */
export class PublicKey {
  readonly name: string;
  readonly #id: Buffer;
  readonly #key: ReturnType<typeof createPublicKey>;

  /** Reads a verifier key: name, id and key, as `keygen` writes it. */
  constructor(file: string) {
    const text = readSmall(file);
    if (text === undefined)
      throw new Error(`${quoted(file)} does not exist; pass the trail's key.pub with --public-key`);
    const [, name = "", id = "", base64 = ""] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)\n?$/.exec(text) ?? [];
    const typed = Buffer.from(base64, "base64");
    this.name = name;
    this.#id = createHash("sha256").update(`${name}\n`).update(typed).digest().subarray(0, 4);
    if (typed.length !== 33 || typed[0] !== 1 || this.#id.toString("hex") !== id)
      throw new Error(`${quoted(file)} is not a public key; pass the .pub file that \`sallyport-audit keygen\` wrote`);
    this.#key = createPublicKey({ key: Buffer.concat([SPKI, typed.subarray(1)]), format: "der", type: "spki" });
  }

  /** Returns the signed checkpoint in a note, or undefined unless exactly this key signed exactly these bytes. */
  open(note: string): Checkpoint | undefined {
    const parsed = parseCheckpoint(note);
    const [text = "", base64 = ""] = note.split(`\n— ${this.name} `);
    const signature = Buffer.from(base64, "base64");
    const isCanonical = `${text}\n— ${this.name} ${signature.toString("base64")}\n` === note;
    if (parsed?.origin !== this.name || !isCanonical || !signature.subarray(0, 4).equals(this.#id)) return undefined;
    return verify(undefined, Buffer.from(text), this.#key, signature.subarray(4)) ? parsed : undefined;
  }
}
