import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** A sealing key and how often it has evolved since `audit keygen`. */
export interface SealingKey {
  readonly index: number;
  readonly key: Buffer;
}

/** Returns the text of a key file: index, space, 64 hexadecimal digits. */
export function printKey({ index, key }: SealingKey): string {
  return `${index} ${key.toString("hex")}\n`;
}

/** Throws when the file cannot be read or contains no key. The message never quotes the content. */
export function readKey(file: string): SealingKey {
  const [, index, key] = /^([0-9]{1,12}) ([0-9a-f]{64})\n?$/.exec(readFileSync(file, "utf8")) ?? [];
  if (index === undefined || key === undefined) throw new Error("invalid key; create one with `audit keygen`");
  return { index: Number(index), key: Buffer.from(key, "hex") };
}

/** Evolves the key to the given index, or returns it unchanged if it is past it. A stolen key cannot seal earlier records. */
export function keyAt({ index, key }: SealingKey, wanted: number): SealingKey {
  for (; index < wanted; index++) key = createHash("sha256").update(key).digest();
  return { index, key };
}

/** Replaces the key on disk with the evolved one. The directory must be writable. */
export function replaceKey(file: string, key: SealingKey): void {
  writeFileSync(`${file}.new`, printKey(key), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
