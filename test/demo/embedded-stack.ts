import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, startEngine } from "../engine/engine.ts";
import { eventually } from "../eventually.ts";
import type { BackgroundProcess } from "./background-process.ts";
import { freePort } from "./free-port.ts";
import { nginxVersion, runNginx, writeNginxConfig } from "./local-nginx.ts";
import { writeRendererConfig } from "./renderer-config.ts";
import { runSource } from "./source-process.ts";

/** The user the agent becomes when it is started as root. */
const AGENT_ID = 65_532;

/** The port that nginx has in compose.yml's container, if it is free. */
const PREFERRED_PORT = 8080;

/** Embedded engine, real agent, real renderer, and real nginx where it is installed. */
export interface EmbeddedStack {
  readonly engine: Engine;
  /** nginx on 127.0.0.1; undefined when it is not installed. */
  readonly nginx: { readonly port: number; readonly version: string } | undefined;
  /** The configuration the renderer has generated; empty before the first. */
  generated(): string;
  /** What each program said last, for when something did not happen. */
  lastWords(): string;
  /** Which program has ended, if one has: nothing more will happen. */
  failure(): Error | undefined;
  /** What the renderer says of a container it does not route, as soon as it does. */
  diagnosis(name: string): Promise<string>;
  /** The port for the next container's app. */
  nextPort(): number;
  /** Ends everything and removes every file. */
  close(): Promise<void>;
}

export async function startEmbeddedStack(): Promise<EmbeddedStack> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-demo-"));
  // Other systems have one loopback address, so there containers differ by port.
  const sharedAddress = process.platform !== "linux";
  let nextPort = 5000;
  const engine = await startEngine({ socketPath: join(directory, "docker.sock"), sharedAddress });
  const version = nginxVersion();
  const port = await freePort(PREFERRED_PORT);
  const agentSocket = prepareForAgent(directory);
  const nginxConfig = writeNginxConfig(directory);
  const destination = join(directory, "conf.d", "default.conf");
  const rendererConfig = writeRendererConfig({
    directory,
    agentSocket,
    destination,
    port,
    nginxConfig: version && nginxConfig,
  });
  const agentOptions = agentArguments(engine.socketPath, agentSocket, join(directory, "audit"));
  const renderer = runSource("renderer", "renderer/main.ts", ["run", "--config", rendererConfig]);
  const processes = [
    ...(version ? [runNginx(directory, nginxConfig)] : []),
    runSource("agent", "agent/main.ts", agentOptions),
    renderer,
  ];
  return {
    engine,
    nginx: version === undefined ? undefined : { port, version },
    generated: () => readIfThere(destination),
    lastWords: () => processes.map(lastWords).join("\n"),
    failure: () => processes.map(({ failure }) => failure).find((failure) => failure !== undefined),
    diagnosis: (name) => eventually(`the renderer says why ${name} is not routed`, () => diagnosisOf(name, renderer)),
    nextPort: () => (sharedAddress ? nextPort++ : nextPort),
    close: async () => {
      for (const process of processes.toReversed()) await process.stop();
      await engine.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The agent started as root becomes an unprivileged user, who must reach what it works with. */
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

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function lastWords({ name, lines }: BackgroundProcess): string {
  return [`-- ${name}:`, ...lines.slice(-15)].join("\n");
}

/** From the renderer's log, whose lines are JSON. */
function diagnosisOf(name: string, { lines }: BackgroundProcess): string | undefined {
  const line = lines.findLast((text) => text.startsWith("{") && text.includes(`"${name}"`));
  return line;
}
