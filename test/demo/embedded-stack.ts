import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, startEngine } from "../engine/engine.ts";
import { eventually } from "../eventually.ts";
import type { BackgroundProcess } from "./background-process.ts";
import { freePort } from "./free-port.ts";
import { nginxVersion, runNginx, writeNginxConfigs } from "./local-nginx.ts";
import { runProgram } from "./product.ts";
import { writeRendererConfig } from "./renderer-config.ts";

/** The user id of an agent that is started as root. */
const AGENT_ID = 65_532;

/** The port of nginx in compose.yml, used when it is free. */
const PREFERRED_PORT = 8080;

/** The embedded engine, the shipped agent and renderer, and nginx if it is installed. */
export interface EmbeddedStack {
  readonly engine: Engine;
  /** nginx on 127.0.0.1, or undefined when it is not installed. */
  readonly nginx: { readonly port: number; readonly version: string } | undefined;
  /** The generated configuration, empty before the first. */
  generated(): string;
  /** The last output of each program, for error messages. */
  lastOutput(): string;
  /** The error of a program that has ended, or undefined. */
  failure(): Error | undefined;
  /** Waits for the renderer's reason why a container has no route. */
  diagnosis(name: string): Promise<string>;
  /** The port for the app of the next container. */
  nextPort(): number;
  /** Stops all programs and removes all files. */
  close(): Promise<void>;
}

/** Steps that undo the start, in the order of the start. */
type Undo = (() => Promise<void> | void)[];

export async function startEmbeddedStack(withNginx: boolean): Promise<EmbeddedStack> {
  const undo: Undo = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    return { ...(await start(withNginx, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(withNginx: boolean, undo: Undo): Promise<Omit<EmbeddedStack, "close">> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-demo-"));
  undo.push(() => rmSync(directory, { recursive: true }));
  // Other systems have a single loopback address: containers there differ by port.
  const sharedAddress = process.platform !== "linux";
  const engine = await startEngine({ socketPath: join(directory, "docker.sock"), sharedAddress });
  undo.push(() => engine.close());
  const version = withNginx ? nginxVersion() : undefined;
  const nginx = version === undefined ? undefined : { port: await freePort(PREFERRED_PORT), version };
  const destination = join(directory, "conf.d", "default.conf");
  const processes = await startProcesses(directory, destination, nginx?.port, undo);
  const renderer = () => processes.find(({ name }) => name === "renderer")?.lines ?? [];
  let nextPort = 5000;
  return {
    engine,
    nginx,
    generated: () => readOrEmpty(destination),
    lastOutput: () => processes.map(lastOutput).join("\n"),
    failure: () => processes.map(({ failure }) => failure).find((failure) => failure !== undefined),
    diagnosis: (name) => eventually(`the renderer logs why ${name} has no route`, () => diagnosisOf(name, renderer())),
    nextPort: () => (sharedAddress ? nextPort++ : nextPort),
  };
}

/** Starts nginx (with a port), the agent and the renderer, with all their files in the directory. */
async function startProcesses(
  directory: string,
  destination: string,
  port: number | undefined,
  undo: Undo,
): Promise<BackgroundProcess[]> {
  const agentSocket = prepareForAgent(directory);
  const nginx = writeNginxConfigs(directory);
  const options = { directory, agentSocket, destination, port: port ?? PREFERRED_PORT };
  const rendererConfig = writeRendererConfig({ ...options, nginx: port === undefined ? undefined : nginx });
  const agentOptions = agentArguments(join(directory, "docker.sock"), agentSocket, join(directory, "audit"));
  const processes: BackgroundProcess[] = [];
  const started = (process: BackgroundProcess): void => {
    undo.push(() => process.stop());
    processes.push(process);
  };
  if (port !== undefined) started(runNginx(nginx));
  started(await runProgram("agent", directory, agentOptions));
  started(await runProgram("renderer", directory, ["run", "--config", rendererConfig]));
  return processes;
}

/** Gives the unprivileged user of an agent that starts as root access to its files. Returns the agent's socket. */
function prepareForAgent(directory: string): string {
  const isRoot = process.getuid?.() === 0;
  for (const name of ["agent", "audit"]) {
    mkdirSync(join(directory, name), { mode: 0o750 });
    if (isRoot) chownSync(join(directory, name), AGENT_ID, AGENT_ID);
  }
  chmodSync(join(directory, "docker.sock"), 0o660);
  if (isRoot) chmodSync(directory, 0o711);
  return join(directory, "agent", "rpc.sock");
}

function agentArguments(dockerSocket: string, socket: string, auditDirectory: string): string[] {
  return ["serve", "--docker-socket", dockerSocket, "--socket", socket, "--audit-dir", auditDirectory];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function lastOutput({ name, lines }: BackgroundProcess): string {
  return [`-- ${name}:`, ...lines.slice(-15)].join("\n");
}

/** Finds the last log line about the container. Lines are JSON. */
function diagnosisOf(name: string, lines: readonly string[]): string | undefined {
  const line = lines.findLast((text) => text.startsWith("{") && text.includes(`"container":"${name}"`));
  if (line === undefined) return undefined;
  const { event, reason } = JSON.parse(line) as { event: string; reason: string };
  return `${event}: ${reason}`;
}
