import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";

/** Type of Ed25519 keys in signed notes. */
const ED25519 = 1;

/** DER before the 32 bytes of a private key. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Key that signs checkpoints as C2SP signed notes. */
export interface SigningKey {
  /** The verifier key: name, id and public key. */
  readonly publicKey: string;
  readonly sign: (text: string) => string;
}

/** Returns the origin of a trail's checkpoints, which is also the name of its key. */
export function originOf(host: string): string {
  return `sallyport/agent/${host}`;
}

/**
 * Creates a key pair: the private key in `file`, which only its owner can read, and the public key in `file`.pub, in the
 * format of Go's golang.org/x/mod/sumdb/note. Throws if a file exists.
 */
export function createKey(file: string, name: string): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
  const { publicKey } = signingKey(name, privateKey);
  const id = publicKey.slice(name.length + 1, name.length + 9);
  writeNew(file, 0o600, `PRIVATE+KEY+${name}+${id}+${Buffer.from([ED25519, ...seed]).toString("base64")}\n`);
  writeNew(`${file}.pub`, 0o644, `${publicKey}\n`);
  return readKey(file, name);
}

function writeNew(file: string, mode: number, text: string): void {
  const fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC, mode);
  writeFileSync(fd, text);
  closeSync(fd);
}

/** Reads a private key. Throws an error with what is wrong with it, which never quotes it. */
export function readKey(file: string, name: string): SigningKey {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > 1_024) throw new Error("is not a key file");
    const mode = stat.mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw new Error(`has mode ${mode.toString(8)}; only the agent may read it: run chmod 0600`);
    return parseKey(readFileSync(fd, "latin1"), name);
  } finally {
    closeSync(fd);
  }
}

function parseKey(text: string, name: string): SigningKey {
  const [, owner, id, base64 = ""] = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+(\S+)\n?$/.exec(text) ?? [];
  const data = Buffer.from(base64, "base64");
  if (data.length !== 33 || data[0] !== ED25519)
    throw new Error("is not a key; create one with `sallyport-audit keygen`");
  if (owner !== name)
    throw new Error(`is the key of ${JSON.stringify(owner)}, but --host requires ${JSON.stringify(name)}`);
  const der = Buffer.concat([PKCS8, data.subarray(1)]);
  const key = signingKey(name, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  if (!key.publicKey.startsWith(`${name}+${id}+`)) throw new Error("is damaged: its id does not match its content");
  return key;
}

function signingKey(name: string, privateKey: KeyObject): SigningKey {
  const raw = createPublicKey(privateKey).export({ type: "spki", format: "der" }).subarray(-32);
  const typed = Buffer.from([ED25519, ...raw]);
  const id = createHash("sha256").update(`${name}\n`).update(typed).digest().subarray(0, 4);
  return {
    publicKey: `${name}+${id.toString("hex")}+${typed.toString("base64")}`,
    sign: (text) => {
      const signature = Buffer.concat([id, sign(undefined, Buffer.from(text), privateKey)]);
      return `${text}\n— ${name} ${signature.toString("base64")}\n`;
    },
  };
}
