import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { docker, dockerSocket, removeLabelled } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { type Answer, request } from "./stack.ts";

const run = promisify(execFile);

export const IMAGE = "sallyport";

/** A container of the self-contained image, run with the options of nginx-proxy, and apps on its network. */
export class SelfContained {
  readonly name: string;
  readonly #apps: string[] = [];

  private constructor(name: string) {
    this.name = name;
  }

  /** Creates an empty network of this name. */
  static async create(name: string): Promise<SelfContained> {
    const box = new SelfContained(name);
    await box.remove();
    await docker("network", "create", "--label", `spe2e=${name}`, name);
    return box;
  }

  /** Builds the image from the shipped Dockerfile. With SALLYPORT_IMAGES=given the Engine already has it. */
  static async build(): Promise<void> {
    if (process.env["SALLYPORT_IMAGES"] === "given") return;
    // Compose includes BuildKit, which the Dockerfile needs and old clients lack.
    await run("docker", ["compose", "-f", "docs/examples/compose.nginx-proxy.yml", "build", "-q", "nginx-proxy"]);
  }

  /** Runs the proxy with these options and waits for the log line that scripts wait for. */
  async start(...options: readonly string[]): Promise<void> {
    await this.run(...options);
    await this.logsReady(1);
  }

  async run(...options: readonly string[]): Promise<void> {
    const socket = `${dockerSocket()}:/tmp/docker.sock:ro`;
    await docker("rm", "-f", this.name).catch(() => "no such container");
    await docker("run", "-d", "--name", this.name, ...this.#fixed(), "-v", socket, ...options, IMAGE);
  }

  /** Waits until the log has the ready line this many times. */
  async logsReady(times: number): Promise<void> {
    await eventually(
      "the log has the ready line",
      async () => (await this.logs()).split("Watching docker events").length > times,
      60_000,
    );
  }

  /** Starts an app that answers with its name and the headers of the request. */
  async app(name: string, ...options: readonly string[]): Promise<void> {
    const script =
      `require("http").createServer((q,r)=>setTimeout(()=>r.end(JSON.stringify({app:"${name}",url:q.url,headers:q.headers})),` +
      `Number(new URL(q.url,"http://a").searchParams.get("ms")))).listen(5000)`;
    const own = `${this.name}-${name}`;
    this.#apps.push(own);
    const fixed = ["run", "-d", "--name", own, ...this.#fixed(), "--expose", "5000", "--stop-timeout", "1"];
    await docker(...fixed, ...options, "node:26-trixie-slim", "node", "-e", script);
  }

  async address(): Promise<string> {
    const format = `{{(index .NetworkSettings.Networks "${this.name}").IPAddress}}`;
    return await docker("inspect", "-f", format, this.name);
  }

  async get(host: string, path = "/", port = 80): Promise<Answer> {
    return await request({ host: await this.address(), port }, host, path);
  }

  /** Waits until this app answers for the host, and returns the headers that it received. */
  async answers(host: string, app: string, path = "/", port = 80): Promise<Record<string, string>> {
    return await eventually(`${app} answers for ${host}`, async () => {
      const { status, body } = await this.get(host, path, port);
      if (status !== 200) throw new Error(`${status} ${body.slice(0, 100)}`);
      const echo = JSON.parse(body) as { app: string; headers: Record<string, string> };
      return echo.app === app ? echo.headers : undefined;
    });
  }

  async answered(host: string, status: number, path = "/", port = 80): Promise<void> {
    await eventually(`nginx answers ${status} for ${host}${path}`, async () => {
      const answer = await this.get(host, path, port);
      if (answer.status !== status) throw new Error(`${answer.status}`);
      return true;
    });
  }

  async exec(...command: readonly string[]): Promise<string> {
    return await docker("exec", this.name, ...command);
  }

  /** Standard output and standard error of the container. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", this.name], { maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  }

  /** Waits until the container has exited and returns the exit code. */
  async exitCode(): Promise<number> {
    return Number(await docker("wait", this.name));
  }

  async remove(): Promise<void> {
    await removeLabelled(`spe2e=${this.name}`);
  }

  #fixed(): string[] {
    return ["--network", this.name, "--label", `spe2e=${this.name}`];
  }
}
