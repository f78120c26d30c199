import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
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

/** The same with a validity from and until a number of days from now. */
export function makeAgedCertificate(
  directory: string,
  stem: string,
  name: string,
  from: number,
  until: number,
): string {
  makeCertificate(directory, stem, [name]);
  const [certificate, key] = [join(directory, `${stem}.crt`), join(directory, `${stem}.key`)];
  const [config, request] = [join(directory, `${stem}.cnf`), join(directory, `${stem}.csr`)];
  const day = (days: number): string =>
    new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\.[0-9]+/g, "");
  writeFileSync(join(directory, "index.txt"), "");
  const settings = `[ca]\ndefault_ca=own\n[own]\ndatabase=${join(directory, "index.txt")}\nrand_serial=yes\nnew_certs_dir=${directory}\ndefault_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:${name}\n`;
  writeFileSync(config, settings);
  const options = { stdio: "ignore" } as const;
  execFileSync("openssl", ["req", "-new", "-key", key, "-subj", `/CN=${name}`, "-out", request], options);
  const signed = ["-in", request, "-keyfile", key, "-selfsign", "-notext", "-out", certificate];
  const validity = ["-startdate", day(from), "-enddate", day(until)];
  execFileSync("openssl", ["ca", "-batch", "-config", config, ...signed, ...validity], options);
  return readFileSync(certificate, "utf8");
}
