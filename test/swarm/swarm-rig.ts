import { execFile, execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { explain } from "../../renderer/status/explain.ts";
import { askStatus } from "../../renderer/status/socket.ts";
import { BackgroundProcess } from "../demo/background-process.ts";
import { nginxCommand, writeNginxConfigs } from "../demo/local-nginx.ts";
import { runProgram } from "../demo/product.ts";
import { programPath } from "../demo/program-path.ts";
import { writeRendererConfig } from "../demo/renderer-config.ts";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { type Answer, request } from "../e2e/stack.ts";

const run = promisify(execFile);

const AGENT_ID = 65_532;
/** Image of the app, on every node. */
export const APP = "sallyport-swarm-app";
const PORT = 8080;

/** The command of the Engine in a node. */
export const DOCKERD = "dockerd --host unix:///run/node/docker.sock";

/** Milliseconds for everything that includes the start of a task. */
const TASK_MS = 60_000;

/** An Engine in a container of the lab's Engine. */
export interface Node {
  readonly name: string;
  readonly address: string;
  readonly container: string;
  readonly socket: string;
}

/** How the app of a service behaves. */
interface App {
  readonly replicas: number;
  /** Seconds until it accepts connections. */
  readonly startS?: number;
  readonly options?: readonly string[];
}

/**
 * Engines in containers that form a swarm, and agent, renderer and nginx as processes of this machine: the agent has the first
 * manager's socket, and nginx the network of a container there, which is on the attachable network `edge`.
 */
export class SwarmRig {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-swarm-"));
  readonly agentSocket = join(this.directory, "agent", "rpc.sock");
  readonly nodes: Node[] = [];
  readonly processes: BackgroundProcess[] = [];
  readonly #id = `sallyport-swarm-${process.pid}`;
  readonly #managers: number;

  private constructor(managers: number) {
    this.#managers = managers;
  }

  /**
   * Starts the nodes and the proxy. The image of the nodes contains an Engine, or is undefined: then they run that of this
   * machine.
   */
  static async start(names: readonly string[], managers = 1, image?: string): Promise<SwarmRig> {
    const rig = new SwarmRig(managers);
    try {
      await rig.#startNodes(names, image);
      await rig.#formSwarm();
      await rig.#startProxy();
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const process of this.processes.toReversed()) await process.stop();
    for (const { container } of this.nodes)
      await docker("rm", "--force", "--volumes", container).catch(() => undefined);
    await docker("network", "rm", this.#id).catch(() => undefined);
    await removeDirectory(this.directory);
  }

  get at(): { host: string; port: number } {
    return { host: this.nodes[0]!.address, port: PORT };
  }

  get agent(): BackgroundProcess {
    return this.processes.find(({ name }) => name === "agent")!;
  }

  /** Runs the docker client with the Engine of a node; without one, the first. */
  async docker(args: readonly string[], node = this.nodes[0]!): Promise<string> {
    const { stdout } = await run("docker", ["--host", `unix://${node.socket}`, ...args], { maxBuffer: 2 ** 26 });
    return stdout.trim();
  }

  /** Creates a service of the app, which responds with the id of its container. */
  async createService(name: string, { replicas, startS = 0, options = [] }: App): Promise<void> {
    const fixed = ["--detach", "--quiet", "--no-resolve-image", "--replicas", String(replicas), "--network", "edge"];
    const labels = ["--label", `sallyport.host=${name}.example`, "--label", `sallyport.port=${PORT}`];
    const script = `trap exit TERM; sleep ${startS}; hostname >/tmp/index.html; cp /tmp/index.html /tmp/traffic; httpd -f -p ${PORT} -h /tmp & wait`;
    const all = ["service", "create", "--name", name, ...fixed, ...labels, ...options, APP, "sh", "-c", script];
    await this.docker(all);
  }

  /** Runs an update. */
  async update(service: string, ...options: readonly string[]): Promise<void> {
    await this.docker(["service", "update", "--detach", "--quiet", "--no-resolve-image", ...options, service]);
  }

  async get(host: string): Promise<Answer> {
    return await request(this.at, host, "/", 60_000);
  }

  /** Waits until exactly this number of containers answers for the host, and none of the others. Returns their answers. */
  async replicas(host: string, count: number, others?: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    return await eventually(
      `${count} tasks answer for ${host}`,
      async () => {
        const seen = new Set<string>();
        for (let asked = 0; asked < 8 * count; asked++) {
          const { status, body } = await this.get(host);
          if (status !== 200 || others?.has(body) === true) return undefined;
          seen.add(body);
        }
        return seen.size === count ? seen : undefined;
      },
      TASK_MS,
    );
  }

  /** Waits until this number of containers of the service runs, on all nodes. */
  async settled(service: string, count: number): Promise<void> {
    const list = ["ps", "--quiet", "--filter", `label=com.docker.swarm.service.name=${service}`];
    const running = async () =>
      (await Promise.all(this.nodes.map(async (node) => await this.docker(list, node)))).join("\n");
    await eventually(
      `${count} containers of ${service} run`,
      async () => (await running()).split("\n").filter((line) => line !== "").length === count,
      TASK_MS,
    );
  }

  /** Returns the answer of `sallyport-renderer explain`. */
  async explain(name: string): Promise<string> {
    return explain(await askStatus(join(this.directory, "status.sock")), name).text;
  }

  async #startNodes(names: readonly string[], image: string | undefined): Promise<void> {
    chmodSync(this.directory, 0o711);
    await docker("network", "create", this.#id);
    const engine = image ?? "node:26-trixie-slim";
    const binaries =
      image === undefined ? ["--volume=/usr:/usr:ro", "--volume=/etc/alternatives:/etc/alternatives:ro"] : [];
    for (const name of names) {
      const shared = join(this.directory, name);
      mkdirSync(shared);
      chmodSync(shared, 0o711);
      const container = `${this.#id}-${name}`;
      const limits = ["seccomp", "apparmor", "systempaths"].map((one) => `--security-opt=${one}=unconfined`);
      const volumes = ["/sys/fs/cgroup:/sys/fs/cgroup:rw", "/var/lib/docker", `${shared}:/run/node`];
      await docker(
        "run",
        "--detach",
        `--name=${container}`,
        `--hostname=${name}`,
        `--network=${this.#id}`,
        "--cap-add=ALL",
        "--cap-drop=SYS_RESOURCE",
        ...limits,
        ...binaries,
        ...volumes.map((volume) => `--volume=${volume}`),
        "--entrypoint=sh",
        engine,
        "-c",
        // A killed Engine does not end the node.
        `mount -o remount,rw /sys; ${DOCKERD} & while :; do sleep 60 & wait $!; done`,
      );
      const format = `{{(index .NetworkSettings.Networks "${this.#id}").IPAddress}}`;
      const address = await docker("inspect", "--format", format, container);
      this.nodes.push({ name, address, container, socket: join(shared, "docker.sock") });
    }
    for (const node of this.nodes)
      await eventually(
        `the Engine of ${node.name} responds`,
        async () => await this.docker(["version"], node),
        TASK_MS,
      );
    const app = join(this.directory, "app.tar");
    const libraries = execFileSync("ldd", ["/bin/busybox"], { encoding: "utf8" }).match(/\/lib\S+/g) ?? [];
    const links =
      "mkdir bin tmp && cp -L --parents /bin/busybox $* . && for one in cp hostname httpd sh sleep wget; do ln -s busybox bin/$one; done";
    const root = mkdtempSync(join(this.directory, "app-"));
    execFileSync("sh", ["-ec", `cd ${root}; ${links}; tar -cf ${app} .`, "sh", ...libraries]);
    await Promise.all(this.nodes.map(async (node) => await this.docker(["import", app, APP], node)));
  }

  async #formSwarm(): Promise<void> {
    // The last manager is the leader.
    const leader = this.nodes[this.#managers - 1]!;
    await this.docker(["swarm", "init", "--advertise-addr", leader.address], leader);
    for (const [index, node] of this.nodes.entries()) {
      if (node === leader) continue;
      const role = index < this.#managers ? "manager" : "worker";
      const token = await this.docker(["swarm", "join-token", "--quiet", role], leader);
      await this.docker(["swarm", "join", "--token", token, `${leader.address}:2377`], node);
    }
    await this.docker(["network", "create", "--driver", "overlay", "--attachable", "edge"]);
  }

  async #startProxy(): Promise<void> {
    const label = ["--label", "sallyport.proxy=true"];
    const idle = [APP, "sh", "-c", "while :; do sleep 3600; done"];
    await this.docker([
      "run",
      "--detach",
      "--name",
      "proxy",
      "--network",
      "edge",
      "--publish",
      `${PORT}:${PORT}`,
      ...label,
      ...idle,
    ]);
    for (const name of ["agent", "audit"]) {
      mkdirSync(join(this.directory, name));
      chownSync(join(this.directory, name), AGENT_ID, AGENT_ID);
    }
    const nginx = writeNginxConfigs(this.directory);
    // As in renderer/nginx/nginx.conf.
    const main = readFileSync(nginx.live, "utf8");
    writeFileSync(nginx.live, main.replace("worker_connections 512", "worker_connections 8192"));
    const config = writeRendererConfig({
      directory: this.directory,
      agentSocket: this.agentSocket,
      destination: join(this.directory, "conf.d", "default.conf"),
      port: PORT,
      nginx,
    });
    const written = JSON.parse(readFileSync(config, "utf8")) as object;
    writeFileSync(config, JSON.stringify({ ...written, proxy: { label: "sallyport.proxy=true" } }));
    const socket = ["--docker-socket", this.nodes[0]!.socket, "--socket", this.agentSocket];
    const audit = ["--audit-dir", join(this.directory, "audit")];
    this.processes.push(await runProgram("agent", this.directory, ["serve", "--swarm", ...socket, ...audit]));
    this.processes.push(await runProgram("renderer", this.directory, ["run", "--config", config]));
    const sandbox = await this.docker(["inspect", "--format", "{{.NetworkSettings.SandboxKey}}", "proxy"]);
    const pid = await docker("inspect", "--format", "{{.State.Pid}}", this.nodes[0]!.container);
    const network = sandbox.replace(/^.*\/run\//, `/proc/${pid}/root/run/`);
    const command = [`--net=${network}`, ...nginxCommand(nginx.directory, nginx.live), "-g", "daemon off;"];
    this.processes.push(new BackgroundProcess("nginx", "nsenter", command, { env: { PATH: programPath() } }));
  }
}
