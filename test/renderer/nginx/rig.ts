import { chmodSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as tls from "node:tls";
import { run } from "../../../renderer/targets/run.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Container } from "../../../shared/snapshot.ts";
import type { BackgroundProcess } from "../../demo/background-process.ts";
import { freePort } from "../../demo/free-port.ts";
import {
  nginxCommand,
  nginxVersion,
  onlyNewWorkers,
  runNginx,
  workersOf,
  writeNginxConfigs,
} from "../../demo/local-nginx.ts";
import { eventually } from "../../eventually.ts";
import type { Report } from "../../../renderer/status/report.ts";
import { askStatus } from "../../../renderer/status/socket.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { readOrEmpty } from "../../../renderer/disk/read-or-empty.ts";
import { runReloadLoop } from "../reload/reload-loop.ts";

/** The response that a client received. */
export interface Seen {
  /** 0 without a complete response. */
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** SHA-256 of the certificate that nginx presented. */
  readonly fingerprint?: string | undefined;
}

/** The request that an echoing app received. */
export interface Echo {
  readonly app: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface Ask {
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly tls?: boolean;
  readonly port?: number;
  /** The client's source address. */
  readonly from?: string;
  /** The client's certificate and key, in PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** A renderer between a fake agent and a real nginx that proxies to apps on this machine. */
export class NginxRig {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-nginx-"));
  readonly certificates = join(this.directory, "certificates");
  readonly agent = new FakeAgent(join(this.directory, "agent.sock"));
  readonly logged: Record<string, unknown>[] = [];
  /** Reads all files again, as SIGHUP does. */
  refresh: () => void = () => undefined;
  plainPort = 0;
  tlsPort = 0;
  readonly #apps = new Map<string, net.Server>();
  readonly #servers = new Set<net.Server>();
  readonly #connections = new Set<net.Socket>();
  #stop = new AbortController();
  readonly #ids = new Map<string, string>();
  #run: () => void = () => undefined;
  #nginx: BackgroundProcess | undefined;
  #loop: BackgroundProcess | undefined;
  #running: Promise<unknown> | undefined;
  #made = 0;
  #generation = 5;

  constructor() {
    // nginx's workers run as another user.
    chmodSync(this.directory, 0o755);
    mkdirSync(this.certificates);
  }

  /**
   * Starts nginx and the renderer and resolves when nginx serves these containers. `target` adds to the keys of the
   * nginx target, `more` to those of the configuration. With `reload: "channel"` nginx is reloaded as in compose.yml.
   */
  async start(
    target: Record<string, unknown>,
    containers: readonly Container[],
    more: Record<string, unknown> = {},
  ): Promise<void> {
    const { directory, certificates } = this;
    [this.plainPort, this.tlsPort] = [await freePort(), await freePort()];
    const configs = writeNginxConfigs(directory);
    this.#nginx = runNginx(configs);
    const first = await eventually("nginx runs", async () => {
      const workers = await workersOf(configs);
      return workers.size > 0 && workers;
    });
    this.agent.first = [...containers];
    const isByChannel = target["reload"] === "channel";
    const channel = join(directory, "channel");
    if (isByChannel) {
      for (const path of [channel, join(directory, "scratch")]) mkdirSync(path);
      this.#loop = runReloadLoop(configs, channel, "dash", { env: { SALLYPORT_PATHS: `${directory}/` } });
      await eventually("nginx's end of the channel is ready", () =>
        /^\S+ ok /.test(readOrEmpty(join(channel, "ready"))),
      );
    }
    const config = parseConfig(
      JSON.stringify({
        agents: [{ socket: join(directory, "agent.sock") }],
        proxy: "host",
        statusSocket: join(directory, "status.sock"),
        targets: [
          {
            template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
            destination: join(directory, "conf.d", "default.conf"),
            listen: this.plainPort,
            https: { listen: this.tlsPort, port: this.tlsPort, certificates },
            wait: "10ms:100ms",
            // The timed refresh must not hide a missing notification.
            interval: "1h",
            check: { command: [...nginxCommand(directory, configs.candidate), "-t", "-q"] },
            reload: { exec: { command: [...nginxCommand(directory, configs.live), "-s", "reload"] } },
            ...target,
            nginx: {
              // With the channel, nginx itself reports it.
              ...(!isByChannel && { version: nginxVersion()?.replace("nginx/", "") }),
              ...(target["nginx"] as object | undefined),
            },
            ...(isByChannel && { reload: { channel }, check: undefined }),
          },
        ],
        ...more,
      }),
      "test.yml",
    );
    if ("problems" in config) throw new Error(config.problems.join("\n"));
    this.#run = () => {
      this.#running = run(
        config,
        this.#stop.signal,
        (level, event, fields) => {
          this.logged.push({ level, event, ...fields });
        },
        { onStart: (running) => (this.refresh = () => running.refresh()) },
      );
    };
    this.#run();
    await eventually("nginx serves the routes", () => {
      const rejected = this.logged.find(({ event }) => event === "publish.rejected");
      if (rejected) throw new Error(String(rejected["error"]));
      return this.logged.some(({ event }) => event === "publish.succeeded");
    });
    await onlyNewWorkers(configs, first);
  }

  /** Ends nginx before the rest, so that a volume which it uses can be unmounted. */
  async stopNginx(): Promise<void> {
    await this.#nginx?.stop();
  }

  /** Stops the renderer, changes something, and starts the renderer again while nginx runs. */
  async restart(change: () => void): Promise<void> {
    this.#stop.abort();
    await this.#running;
    change();
    this.#stop = new AbortController();
    this.#run();
    await eventually("the renderer knows its containers", async () => {
      const { agents, targets } = await this.status().catch(() => ({ agents: [], targets: [] }));
      return agents.some(({ connected }) => connected) && targets.every((one) => !one.pending && one.sha256);
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.agent.close();
    await this.#running;
    await this.#loop?.stop();
    await this.#nginx?.stop();
    for (const server of this.#servers) server.close();
    // An app that reads nothing never learns that nginx is gone.
    for (const socket of this.#connections) socket.destroy();
    await removeDirectory(this.directory);
  }

  /** The file that nginx reads. */
  get text(): string {
    return readFileSync(join(this.directory, "conf.d", "default.conf"), "utf8");
  }

  /** Starts an app and returns its container, of the Compose project `test`. Without a `server` the app echoes its requests. */
  async app(name: string, env: Record<string, string>, changes: Partial<Container> = {}, server?: net.Server) {
    const listening = server ?? echoing(name);
    // An app of the same name takes its place, and both run until the end.
    this.#apps.set(name, listening);
    this.#servers.add(listening);
    listening.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
    });
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port } = listening.address() as net.AddressInfo;
    this.#made += 1;
    const id = this.#made.toString(16).padStart(64, "0");
    this.#ids.set(name, id);
    return container("a", {
      id,
      name,
      createdAt: this.#made,
      env,
      networks: [{ name: "front", ipv4: "127.0.0.1" }],
      ports: [{ port, proto: "tcp" }],
      ...changes,
      labels: { ...composeLabels("test"), ...changes.labels },
    });
  }

  /** Returns the ids of the apps with these names. */
  idsOf(names: RegExp): string[] {
    return [...this.#ids].flatMap(([name, id]) => (names.test(name) ? [id] : []));
  }

  /** Sends the agent's next change. */
  update(upserted: readonly Container[], removed: readonly string[] = []): void {
    const base = this.#generation;
    this.#generation += 1;
    this.agent.send("snapshot.delta", { base, generation: this.#generation, upserted, removed });
  }

  async status(): Promise<Report> {
    return await askStatus(join(this.directory, "status.sock"));
  }

  /** Returns the port that an app of this rig listens on. */
  portOf(name: string): number {
    return (this.#apps.get(name)!.address() as net.AddressInfo).port;
  }

  /** Sends one request to nginx. */
  async ask({
    host,
    path = "/",
    method = "GET",
    headers = {},
    body,
    tls: isTls = false,
    port,
    from,
    cert,
    key,
  }: Ask): Promise<Seen> {
    return await new Promise((resolve) => {
      const options = {
        port: port ?? (isTls ? this.tlsPort : this.plainPort),
        path,
        method,
        headers: { host, ...headers },
        agent: false as const,
        ...(from !== undefined && { localAddress: from, host: "127.0.0.1" }),
      };
      const secure = {
        ...options,
        cert,
        key,
        rejectUnauthorized: false,
        ...(net.isIP(host) === 0 && { servername: host }),
      };
      const request = isTls ? https.request(secure) : http.request(options);
      request.on("response", (response) => {
        const parts: Buffer[] = [];
        const fingerprint = (response.socket as Partial<tls.TLSSocket>).getPeerCertificate?.().fingerprint256;
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", () => undefined);
        response.on("close", () => {
          resolve({
            status: response.complete ? (response.statusCode ?? 0) : 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString("utf8"),
            fingerprint,
          });
        });
      });
      request.on("error", () => resolve({ status: 0, headers: {}, body: "" }));
      request.end(body);
    });
  }

  /** Sends these bytes to nginx, and returns all that it answers. */
  async raw(bytes: string): Promise<string> {
    const socket = net.connect(this.plainPort, "127.0.0.1");
    let answer = "";
    socket.on("data", (part) => (answer += part.toString("latin1"))).on("error", () => undefined);
    socket.write(bytes, "latin1");
    await new Promise((resolve) => socket.on("close", resolve));
    return answer;
  }

  /** Returns the request as the echoing app received it, or undefined if none answered. */
  async echo(ask: Ask): Promise<Echo | undefined> {
    const seen = await this.ask(ask);
    return seen.status === 200 && seen.body.startsWith("{") ? (JSON.parse(seen.body) as Echo) : undefined;
  }
}

/** Creates an app that responds with the request it received. */
export function echoing(app: string): http.Server {
  return http.createServer((request, response) => {
    request.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ app, url: request.url, headers: request.headers }));
    });
  });
}
