import { X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** Returns why a file is neither a certificate authority (`*.ca.crt`) nor a revocation list (`*.crl.pem`), or undefined. */
export function clientFileProblem(name: string, text: string): string | undefined {
  const [label, what] = /\.pem$/i.test(name) ? ["X509 CRL", "revocation list"] : ["CERTIFICATE", "certificate"];
  const blocks = [...text.matchAll(BLOCK)].filter(([, found]) => found === label || found === `TRUSTED ${label}`);
  if (blocks.length === 0) return `it contains no ${what} in PEM`;
  const isValid = blocks.every(([pem, , base64 = ""]) =>
    /\.pem$/i.test(name) ? isSequence(base64) : isCertificate(pem),
  );
  return isValid ? undefined : `a ${what} in it is not valid`;
}

/**
 * Whether `NAME.ca.crt` has the certificate of the host `NAME.ca`, or of hosts below it: no authority has such names. `ca.crt` may be
 * that of the host `ca`, if it is no authority.
 */
export function isHostCertificate(name: string, text: string): boolean {
  const [, host] = /^((?:.+\.)?ca)\.crt$/.exec(name) ?? [];
  if (host === undefined || !isCertificate(text)) return false;
  const found = new X509Certificate(text);
  if (host === "ca" && found.ca) return false;
  return [host, `below.${host}`].some((one) => found.checkHost(one, { subject: "never" }) !== undefined);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== "";
  } catch {
    return false;
  }
}

/** Whether this is one complete sequence in DER. nginx checks what is in it. */
function isSequence(base64: string): boolean {
  const bytes = Buffer.from(base64, "base64");
  const long = (bytes[1] ?? 0) & 0x80 ? (bytes[1] ?? 0) & 0x7f : 0;
  if (bytes[0] !== 0x30 || long > 4 || bytes.length < 2 + long) return false;
  return bytes.length === 2 + long + (long === 0 ? bytes[1]! : bytes.readUIntBE(2, long));
}
