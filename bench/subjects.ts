import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { build } from "esbuild";
import { bundle } from "../.ci/bundle.ts";
import { imageFlags } from "./image-flags.ts";
import { versionOf } from "./node-binary.ts";
import type { Running, Subject } from "./subject.ts";

/** The agent's user id. */
const AGENT_ID = 65_532;

/** The environment of all programs. */
const ENVIRONMENT = { PATH: process.env["PATH"] ?? "" };

const VERBOSE = process.env["BENCH_VERBOSE"] === undefined ? "ignore" : "inherit";

/** Changes of a benchmark to the default setup. */
export interface Variation {
  /** Keys of the renderer's target. Default: no debounce and no reload. */
  readonly target?: object;
  /** Further options of the agent. */
  readonly agent?: readonly string[];
  /** Returns the socket that the renderer connects to instead of the agent's. */
  readonly between?: (agentSocket: string) => Promise<string>;
}

/** Agent and renderer as in their images: the bundles with the Node version and flags of the images. */
export function sallyport(node: string, { target, between, agent: options = [] }: Variation = {}): Subject {
  return {
    name: "sallyport",
    atMost: Number.POSITIVE_INFINITY,
    async start({ directory, dockerSocket, file }) {
      for (const program of ["agent", "renderer"] as const) {
        await bundle(program, { write: true });
        copyFileSync(`dist/${program}.cjs`, join(directory, `${program}.cjs`));
      }
      const [rpc, audit] = [join(directory, "rpc"), join(directory, "audit")];
      for (const path of [rpc, audit]) {
        mkdirSync(path, { mode: 0o750 });
        if (process.getuid?.() === 0) chownSync(path, AGENT_ID, AGENT_ID);
      }
      const socket = join(rpc, "agent.sock");
      const agentSocket = (await between?.(socket)) ?? socket;
      const config = writeConfig(directory, agentSocket, file, target ?? { wait: "0ms:0ms", reload: "none" });
      const serve = ["serve", "--docker-socket", dockerSocket, "--socket", socket, "--audit-dir", audit, ...options];
      const version = versionOf(node);
      const begun = process.hrtime.bigint();
      const agent = run(node, [...imageFlags("agent", directory, version), join(directory, "agent.cjs"), ...serve]);
      const renderer = run(node, [
        ...imageFlags("renderer", directory, version),
        join(directory, "renderer.cjs"),
        "run",
        "--config",
        config,
      ]);
      return running(begun, { agent, renderer });
    },
  };
}

/** The nginx that a subject reloads. */
export interface ReloadedNginx {
  readonly port: number;
  readonly pidFile: string;
}

/** bench/floor.ts, bundled into one file. */
export function floor(node: string, nginx?: ReloadedNginx): Subject {
  return {
    name: "floor",
    atMost: Number.POSITIVE_INFINITY,
    async start({ directory, dockerSocket, file }) {
      const program = join(directory, "floor.cjs");
      const own = nginx ? [String(nginx.port), nginx.pidFile] : [];
      await build({ entryPoints: ["bench/floor.ts"], outfile: program, bundle: true, platform: "node", format: "cjs" });
      return running(process.hrtime.bigint(), { floor: run(node, [program, dockerSocket, file, ...own]) });
    },
  };
}

/** The docker-gen in PATH with a template for the same routes, or undefined. */
export function dockerGen(nginx?: ReloadedNginx): Subject | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, "docker-gen"));
  const program = onPath.find((path) => existsSync(path));
  if (program === undefined) return undefined;
  return {
    name: "docker-gen",
    // docker-gen sends N + 3 requests per event, which take most of a second with 1,000 containers.
    atMost: 1_000,
    async start({ directory, dockerSocket, file }) {
      const template = join(directory, "nginx.tmpl");
      writeFileSync(template, DOCKER_GEN_TEMPLATE.replace("listen 80;", `listen ${nginx?.port ?? 80};`));
      const notify = nginx ? ["-notify", `kill -HUP $(cat ${nginx.pidFile})`] : [];
      const begun = process.hrtime.bigint();
      const child = run(program, ["-watch", "-endpoint", `unix://${dockerSocket}`, ...notify, template, file]);
      return await Promise.resolve(running(begun, { "docker-gen": child }));
    },
  };
}

const DOCKER_GEN_TEMPLATE = `{{ range $host, $containers := groupBy $ "Env.VIRTUAL_HOST" }}
upstream {{ $host }} {
{{ range $container := $containers }}{{ range $network := $container.Networks }}    server {{ $network.IP }}:5000;
{{ end }}{{ end }}}
server {
    listen 80;
    server_name {{ $host }};
    location / {
        proxy_pass http://{{ $host }};
    }
}
{{ end }}`;

function writeConfig(directory: string, socket: string, file: string, target: object): string {
  const path = join(directory, "renderer.yml");
  const template = join(process.cwd(), "renderer/templates/nginx.conf.hbs");
  const config = {
    agents: [{ socket }],
    proxy: "host",
    statusSocket: join(directory, "status.sock"),
    targets: [{ template, destination: file, ...target }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function run(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, [...args], { env: ENVIRONMENT, stdio: ["ignore", "ignore", VERBOSE] });
}

function running(begun: bigint, children: Readonly<Record<string, ChildProcess>>): Running {
  const all = Object.entries(children);
  return {
    begun,
    pids: Object.fromEntries(all.map(([name, child]) => [name, child.pid ?? 0])),
    async stop() {
      const ended = all.map(async ([, child]) => child.exitCode ?? (await once(child, "exit")));
      for (const [, child] of all) child.kill();
      await Promise.all(ended);
    },
  };
}
