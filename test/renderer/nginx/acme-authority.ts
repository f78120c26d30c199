import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import { join } from "node:path";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { freePort } from "../../demo/free-port.ts";
import { programPath } from "../../demo/program-path.ts";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";

/** A local ACME CA (Pebble). It resolves every name to 127.0.0.1 and validates on one port. */
export class AcmeAuthority {
  readonly directory: string;
  /** The CA certificate of its own HTTPS server. */
  readonly trusted: string;
  #port = 0;
  #management = 0;
  #resolver = 0;
  #running: BackgroundProcess[] = [];

  constructor(directory: string) {
    this.directory = directory;
    this.trusted = join(directory, "pebble.crt");
  }

  get url(): string {
    return `https://localhost:${this.#port}/dir`;
  }

  /** The URL for containers, which reach this machine by the name `pebble.test`. */
  get urlForContainers(): string {
    return `https://pebble.test:${this.#port}/dir`;
  }

  /** The base of the resolver's URLs by which DNS records are set, such as `/set-txt`. */
  get resolverUrl(): string {
    return `http://127.0.0.1:${this.#resolver}`;
  }

  /**
   * `validationPort` replaces port 80 for challenges, and `address` is what every name resolves to. `external`: only these
   * external accounts may register; keys by key identifier.
   */
  async start(
    validationPort: number,
    address = "127.0.0.1",
    external?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { directory } = this;
    mkdirSync(directory);
    makeCertificate(directory, "pebble", ["localhost", "pebble.test"]);
    [this.#port, this.#management] = [await freePort(), await freePort()];
    const [dns, dnsManagement] = [await freePort(), await freePort()];
    const config = {
      listenAddress: `${address === "127.0.0.1" ? address : ""}:${this.#port}`,
      managementListenAddress: `127.0.0.1:${this.#management}`,
      certificate: join(directory, "pebble.crt"),
      privateKey: join(directory, "pebble.key"),
      httpPort: validationPort,
      tlsPort: validationPort,
      ocspResponderURL: "",
      externalAccountBindingRequired: external !== undefined,
      externalAccountMACKeys: external ?? {},
    };
    writeFileSync(join(directory, "pebble.json"), JSON.stringify({ pebble: config }));
    const off = ["-defaultIPv4", address, "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
    this.#resolver = dnsManagement;
    const resolver = ["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`];
    // By default Pebble delays validation and rejects some requests, to test the client's retries.
    const env = { PATH: programPath(), PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0" };
    this.#running = [
      new BackgroundProcess("resolver", "pebble-challtestsrv", [...resolver, ...off], { env }),
      new BackgroundProcess(
        "authority",
        "pebble",
        ["-config", join(directory, "pebble.json"), "-dnsserver", `127.0.0.1:${dns}`],
        { env },
      ),
    ];
    await eventually("the CA responds", async () => (await this.root()).includes("BEGIN CERTIFICATE"));
  }

  /** Returns its root certificate. */
  async root(): Promise<string> {
    return await new Promise((resolve, reject) => {
      const options = { port: this.#management, path: "/roots/0", host: "127.0.0.1", servername: "localhost" };
      const ca = readFileSync(this.trusted);
      const request = https.get({ ...options, ca, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => resolve(text));
      });
      request.on("error", reject);
    });
  }

  /** Makes the CA's resolver fail for a name. */
  async breakName(host: string): Promise<void> {
    await this.#post("set-servfail", { host });
  }

  /** Resolves all names to another address. */
  async resolveTo(address: string): Promise<void> {
    await this.#post("set-default-ipv4", { ip: address });
  }

  async repairName(host: string): Promise<void> {
    await this.#post("clear-servfail", { host });
  }

  async #post(command: string, body: object): Promise<void> {
    const { status } = await fetch(`${this.resolverUrl}/${command}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (status !== 200) throw new Error(`${command}: ${status}`);
  }

  async stop(): Promise<void> {
    for (const one of this.#running) await one.stop();
  }
}
