import { existsSync } from "node:fs";
import { eventually } from "../eventually.ts";
import { demoApps, DEMO_HOST, responseHead } from "./demo-apps.ts";
import { dockerCommand } from "./docker-command.ts";
import { quote, say, step } from "./narration.ts";
import { type Answer, visit } from "./visit.ts";

/** Milliseconds to wait for a response of the Engine. */
const RESPONSE_MS = 15_000;

/** Milliseconds from the end of `up` until all apps must answer, also with slow disks and cold caches. */
const READY_MS = 120_000;

const DEFAULT_SOCKET = "/var/run/docker.sock";

const compose = ["compose", "--profile", "demo"];

/** Returns why the stack cannot be started with Docker, or undefined. */
export async function whyNotDocker(): Promise<string | undefined> {
  const remote = /^(?!unix:)\w+:/.exec(process.env["DOCKER_HOST"] ?? "");
  if (remote) return "DOCKER_HOST names a Docker Engine on another machine";
  const engine = await dockerCommand(["version", "--format", "{{.Server.Version}}"], { timeoutMs: RESPONSE_MS });
  if (engine.exitCode !== 0) return "no Docker Engine responds";
  const plugin = await dockerCommand(["compose", "version", "--short"], { timeoutMs: RESPONSE_MS });
  return /^v?[2-9]/.test(plugin.stdout) ? undefined : "docker compose v2 is not installed";
}

/** Starts the shipped stack and shows responses of the apps. Returns the exit code. */
export async function demoWithDocker(once: boolean, stop: AbortSignal): Promise<number> {
  const socket = await dockerSocket();
  const env = { ...process.env, DOCKER_SOCKET: socket };
  const port = Number(process.env["SALLYPORT_PORT"] || "80");
  const wasRunning = (await dockerCommand(["compose", "ps", "--quiet"], { env })).stdout !== "";
  try {
    step("docker compose --profile demo up -d --build");
    const up = await dockerCommand([...compose, "up", "-d", "--build"], { show: true, env });
    if (up.exitCode !== 0) return cannotStart(port);
    step("Waiting until the three apps answer through nginx");
    for (const { app, host } of demoApps) await answers(port, host, app, stop);
    if (!once) printCommands(port, socket);
    return 0;
  } catch (error) {
    if (stop.aborted) return 130;
    say(`\n${(error as Error).message}. The output of the containers:\n`);
    await dockerCommand([...compose, "ps", "--all"], { show: true, env });
    await dockerCommand([...compose, "logs", "--no-color", "--tail", "30"], { show: true, env });
    return 1;
  } finally {
    if (once && !wasRunning) await dockerCommand([...compose, "down", "--volumes"], { show: true, env });
  }
}

/** Returns the socket to mount: the client's socket if it is a file of this machine and not of a virtual machine. */
async function dockerSocket(): Promise<string> {
  const given = process.env["DOCKER_SOCKET"];
  if (given) return given;
  const context = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
  const host = process.env["DOCKER_HOST"] || (await dockerCommand(context)).stdout;
  const path = host.replace(/^unix:\/\//, "");
  const isLocal = process.platform === "linux" && !path.includes("/.docker/desktop/") && existsSync(path);
  return isLocal ? path : DEFAULT_SOCKET;
}

async function answers(port: number, host: string, app: string, stop: AbortSignal): Promise<void> {
  const probe = async (): Promise<Answer | undefined> => {
    stop.throwIfAborted();
    const answer = await visit(port, host);
    return answer.status === 200 && answer.body.includes(`app: ${app}\n`) ? answer : undefined;
  };
  const answer = await eventually(`${app} answers for ${host} on port ${port}`, probe, READY_MS);
  say(`${host}:`);
  quote(responseHead(answer.body));
}

function cannotStart(port: number): number {
  say(`
docker compose could not start the stack; its error is above. If port ${port} is in use, choose another one:

  SALLYPORT_PORT=8080 npm run demo

or run the demo without Docker: npm run demo -- --embedded`);
  return 1;
}

function printCommands(port: number, socket: string): void {
  const at = port === 80 ? "http://localhost" : `http://localhost:${port}`;
  const otherPort = port === 80 ? "" : `SALLYPORT_PORT=${port} `;
  const otherSocket = socket === DEFAULT_SOCKET ? "" : `DOCKER_SOCKET=${socket} `;
  say(`
All apps answer. Try:

${demoApps.map(({ host }) => `  curl -H 'Host: ${host}' ${at}/`).join("\n")}

  ${otherPort}${otherSocket}docker compose --profile demo up -d --scale demo-site=3      # three containers share the requests
  for i in 1 2 3 4 5 6; do curl -s -H 'Host: ${DEMO_HOST}' ${at}/ | head -1; done
  docker compose stop github-proxy                              # its host has no route any more
  docker compose logs --no-log-prefix renderer                  # which containers have no route, and why

Stop and remove everything:

  docker compose --profile demo down --volumes`);
}
