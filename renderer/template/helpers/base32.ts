const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Bytes in the Base32 of RFC 4648, filled up with =. */
export function base32Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  let [bits, value] = [0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) parts.push(DIGITS[(value >> (bits - 5)) & 31]!);
  }
  if (bits > 0) parts.push(DIGITS[(value << (5 - bits)) & 31]!);
  while (parts.length % 8 !== 0) parts.push("=");
  return parts.join("");
}

/** The bytes of a text in Base32, filled up or not; undefined when it is none. */
export function fromBase32(text: string): Uint8Array | undefined {
  if (!/^[A-Z2-7]*={0,6}$/.test(text)) return undefined;
  const bytes: number[] = [];
  let [bits, value] = [0, 0];
  for (const digit of text.replace(/=+$/, "")) {
    value = ((value << 5) | DIGITS.indexOf(digit)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 255);
    }
  }
  return Uint8Array.from(bytes);
}
