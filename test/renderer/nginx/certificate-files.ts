import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Creates a self-signed `<stem>.crt` and `<stem>.key` for these names. Returns the certificate in PEM. */
export function makeCertificate(directory: string, stem: string, names: readonly string[], days = 30): string {
  const [certificate, key] = [join(directory, `${stem}.crt`), join(directory, `${stem}.key`)];
  const alternatives = names.map((name) => `DNS:${name}`).join(",");
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", String(days)];
  const about = ["-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${alternatives}`];
  execFileSync("openssl", ["req", "-x509", ...made, ...about, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  return readFileSync(certificate, "utf8");
}
