import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { docker, dockerSocket, removeLabelled } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { type Answer, request } from "./stack.ts";

const run = promisify(execFile);

export const IMAGE = "sallyport";

/** The self-contained image as nginx-proxy's users run theirs: `docker run` with a socket, and apps on its network. */
export class SelfContained {
  readonly name: string;
  readonly #made: string[] = [];

  private constructor(name: string) {
    this.name = name;
  }

  /** A network of this name, with nothing on it. */
  static async make(name: string): Promise<SelfContained> {
    const box = new SelfContained(name);
    await box.remove();
    await docker("network", "create", "--label", `sallyport.test=${name}`, name);
    return box;
  }

  /** Builds the shipped Dockerfile. With SALLYPORT_IMAGES=given the Engine has the image already. */
  static async build(): Promise<void> {
    if (process.env["SALLYPORT_IMAGES"] === "given") return;
    // Compose brings BuildKit, which the Dockerfile needs and an old client may lack.
    await run("docker", ["compose", "-f", "docs/examples/compose.nginx-proxy.yml", "build", "-q", "nginx-proxy"]);
  }

  /** Starts the proxy with these options, and waits for the line that scripts wait for. */
  async start(...options: readonly string[]): Promise<void> {
    await this.create(...options);
    await this.saysReady(1);
  }

  async create(...options: readonly string[]): Promise<void> {
    const socket = `${dockerSocket()}:/tmp/docker.sock:ro`;
    await docker("rm", "-f", this.name).catch(() => "not there");
    await docker("run", "-d", "--name", this.name, ...this.#fixed(), "-v", socket, ...options, IMAGE);
  }

  async saysReady(times: number): Promise<void> {
    await eventually(
      "it says that it watches Docker",
      async () => (await this.logs()).split("Watching docker events").length > times,
      60_000,
    );
  }

  /** An app that answers with its name and what it was told in headers. */
  async app(name: string, ...options: readonly string[]): Promise<void> {
    const script =
      `require("http").createServer((q,r)=>setTimeout(()=>r.end(JSON.stringify({app:"${name}",url:q.url,headers:q.headers})),` +
      `Number(new URL(q.url,"http://a").searchParams.get("ms")))).listen(5000)`;
    const own = `${this.name}-${name}`;
    this.#made.push(own);
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

  /** Waits until this app answers for the host, and gives what it was told. */
  async answers(host: string, app: string, path = "/", port = 80): Promise<Record<string, string>> {
    return await eventually(`${app} answers for ${host}`, async () => {
      const { status, body } = await this.get(host, path, port);
      if (status !== 200) throw new Error(`${status} ${body.slice(0, 100)}`);
      const told = JSON.parse(body) as { app: string; headers: Record<string, string> };
      return told.app === app ? told.headers : undefined;
    });
  }

  async answered(host: string, status: number, path = "/", port = 80): Promise<void> {
    await eventually(`${host}${path} is answered ${status}`, async () => {
      const answer = await this.get(host, path, port);
      if (answer.status !== status) throw new Error(`${answer.status}`);
      return true;
    });
  }

  async exec(...words: readonly string[]): Promise<string> {
    return await docker("exec", this.name, ...words);
  }

  /** Both streams of the container. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", this.name], { maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  }

  /** Waits for the container's end, and gives its exit code. */
  async ended(): Promise<number> {
    return Number(await docker("wait", this.name));
  }

  async remove(): Promise<void> {
    await removeLabelled(`sallyport.test=${this.name}`);
  }

  #fixed(): string[] {
    return ["--network", this.name, "--label", `sallyport.test=${this.name}`];
  }
}
