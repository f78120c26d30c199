import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A certificate authority with a revocation list, in its own directory. */
export class CertificateAuthority {
  readonly directory: string;
  readonly #config: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory);
    this.#config = join(directory, "ca.conf");
    for (const [name, text] of [
      ["index.txt", ""],
      ["serial", "01"],
      ["crlnumber", "01"],
    ] as const) {
      writeFileSync(join(directory, name), text);
    }
    writeFileSync(this.#config, configuration(directory));
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const about = ["-subj", `/CN=${basename(directory)}`, "-days", "30"];
    this.#run("req", "-x509", ...key, ...about, "-keyout", this.path("ca.key"), "-out", this.path("ca.crt"));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /**
   * Creates `<stem>.crt` and `<stem>.key`. `extensions` are lines of OpenSSL. All certificates have the same RSA key: some
   * ciphers require RSA, and generating a key is slow.
   */
  issue(stem: string, extensions = ""): void {
    const [request, extra] = [this.path(`${stem}.csr`), this.path(`${stem}.ext`)];
    writeFileSync(extra, `basicConstraints=CA:FALSE\nsubjectAltName=DNS:${stem}\n${extensions}\n`);
    const key = this.path("shared.key");
    if (!existsSync(key)) this.#run("genrsa", "-out", key, "2048");
    copyFileSync(key, this.path(`${stem}.key`));
    this.#run("req", "-new", "-key", key, "-subj", `/CN=${stem}`, "-out", request);
    const files = ["-in", request, "-out", this.path(`${stem}.crt`), "-extfile", extra];
    this.#run("ca", "-config", this.#config, "-batch", "-notext", ...files);
  }

  revoke(stem: string): void {
    this.#run("ca", "-config", this.#config, "-revoke", this.path(`${stem}.crt`));
  }

  /** Writes the current revocation list. */
  writeRevoked(file: string): void {
    this.#run("ca", "-config", this.#config, "-gencrl", "-out", file);
  }

  /** Copies a certificate and its key into a directory. */
  copyInto(directory: string, stem: string): void {
    for (const ending of ["crt", "key"])
      copyFileSync(this.path(`${stem}.${ending}`), join(directory, `${stem}.${ending}`));
  }

  #run(...args: readonly string[]): void {
    execFileSync("openssl", args, { stdio: "ignore" });
  }
}

function configuration(directory: string): string {
  return `[ca]
default_ca = own
[own]
database = ${directory}/index.txt
new_certs_dir = ${directory}
serial = ${directory}/serial
crlnumber = ${directory}/crlnumber
certificate = ${directory}/ca.crt
private_key = ${directory}/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
unique_subject = no
policy = any
[any]
commonName = supplied
`;
}
