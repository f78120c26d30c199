import { createHash } from "node:crypto";
import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import type { Helper } from "../template-helper.ts";
import { base32Of, fromBase32 } from "./base32.ts";

const define = helpersOf("Encoding");

/** Texts as other texts. Bytes are those of UTF-8. */
export const encoding: readonly Helper[] = [
  define("b64enc TEXT", "TEXT in Base64.", { template: `{{b64enc "a:b"}}`, prints: "YTpi" }, (call) =>
    Buffer.from(call.text(0)).toString("base64"),
  ),
  define(
    "b64dec TEXT",
    "What TEXT is in Base64, with or without the signs that fill it up; nothing when it is not Base64, or of bytes that are no UTF-8.",
    { template: `{{b64dec "YTpi"}}`, prints: "a:b" },
    (call) => (/^[A-Za-z0-9+/]*={0,2}$/.test(call.text(0)) ? textOf(Buffer.from(call.text(0), "base64")) : undefined),
  ),
  define("b32enc TEXT", "TEXT in Base32.", { template: `{{b32enc "a:b"}}`, prints: "ME5GE===" }, (call) =>
    base32Of(Buffer.from(call.text(0))),
  ),
  define(
    "b32dec TEXT",
    "What TEXT is in Base32; nothing when it is not Base32, or of bytes that are no UTF-8.",
    { template: `{{b32dec "ME5GE==="}}`, prints: "a:b" },
    (call) => {
      const bytes = fromBase32(call.text(0));
      return bytes && textOf(bytes);
    },
  ),
  define(
    "sha1 TEXT",
    "The SHA-1 of TEXT in hexadecimal; for names, not for secrets.",
    { template: `{{sha1 "web"}}`, prints: sum("sha1", "web") },
    (call) => hashed("sha1", call),
  ),
  define("sha1sum TEXT", "As `sha1`.", { template: `{{sha1sum "web"}}`, prints: sum("sha1", "web") }, (call) =>
    hashed("sha1", call),
  ),
  define(
    "sha256 TEXT",
    "The SHA-256 of TEXT in hexadecimal.",
    { template: `{{sha256 "web"}}`, prints: sum("sha256", "web") },
    (call) => hashed("sha256", call),
  ),
  define("sha256sum TEXT", "As `sha256`.", { template: `{{sha256sum "web"}}`, prints: sum("sha256", "web") }, (call) =>
    hashed("sha256", call),
  ),
  define(
    "sha512sum TEXT",
    "The SHA-512 of TEXT in hexadecimal.",
    { template: `{{trunc 16 (sha512sum "web")}}`, prints: sum("sha512", "web").slice(0, 16) },
    (call) => hashed("sha512", call),
  ),
  define(
    "queryEscape TEXT",
    "TEXT for the query of a URL; a blank is +.",
    { template: `{{queryEscape "a b/ü"}}`, prints: "a+b%2F%C3%BC" },
    (call) => escaped(call.text(0)).replaceAll("%20", "+"),
  ),
  define("urlquery TEXT", "As `queryEscape`.", { template: `{{urlquery "a b"}}`, prints: "a+b" }, (call) =>
    escaped(call.text(0)).replaceAll("%20", "+"),
  ),
];

function escaped(text: string): string {
  // Halves of surrogate pairs are no characters and would throw.
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hashed(algorithm: string, call: HelperCall): string {
  return sum(algorithm, call.text(0));
}

function sum(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

function textOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
