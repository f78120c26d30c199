import { existsSync } from "node:fs";
import { eventually } from "../eventually.ts";
import { demoApps, DEMO_HOST, whoAnswered } from "./demo-apps.ts";
import { dockerCommand } from "./docker-command.ts";
import { quote, say, step } from "./narration.ts";
import { type Answer, visit } from "./visit.ts";

/** How long an Engine may take to say that it is there, in milliseconds. */
const ANSWER_MS = 15_000;

/** From the end of `up` until everything answers, in milliseconds: slow disks, cold caches. */
const READY_MS = 120_000;

const DEFAULT_SOCKET = "/var/run/docker.sock";

const compose = ["compose", "--profile", "demo"];

/** Undefined when the stack can be started here. */
export async function whyNotDocker(): Promise<string | undefined> {
  const remote = /^(?!unix:)\w+:/.exec(process.env["DOCKER_HOST"] ?? "");
  if (remote) return `DOCKER_HOST names a Docker Engine on another machine, whose ports are not here`;
  const engine = await dockerCommand(["version", "--format", "{{.Server.Version}}"], { timeoutMs: ANSWER_MS });
  if (engine.exitCode !== 0) return "no Docker Engine answers";
  const plugin = await dockerCommand(["compose", "version", "--short"], { timeoutMs: ANSWER_MS });
  return /^v?[2-9]/.test(plugin.stdout) ? undefined : "docker compose, version 2, is not installed";
}

/** Starts the shipped stack and shows that it works. Returns the exit code. */
export async function demoWithDocker(once: boolean, stop: AbortSignal): Promise<number> {
  const socket = await dockerSocket();
  const env = { ...process.env, DOCKER_SOCKET: socket };
  const port = Number(process.env["SALLYPORT_PORT"] || "80");
  const ranBefore = (await dockerCommand(["compose", "ps", "--quiet"], { env })).stdout !== "";
  try {
    step("docker compose --profile demo up -d --build");
    const up = await dockerCommand([...compose, "up", "-d", "--build"], { show: true, env });
    if (up.exitCode !== 0) return cannotStart(port);
    step("Waiting until the three apps answer through nginx");
    for (const { app, host } of demoApps) await answers(port, host, app, stop);
    if (!once) sayWhatToTry(port, socket);
    return 0;
  } catch (error) {
    if (stop.aborted) return 130;
    say(`\n${(error as Error).message}. What the containers say:\n`);
    await dockerCommand([...compose, "ps", "--all"], { show: true, env });
    await dockerCommand([...compose, "logs", "--no-color", "--tail", "30"], { show: true, env });
    return 1;
  } finally {
    if (once && !ranBefore) await dockerCommand([...compose, "down", "--volumes"], { show: true, env });
  }
}

/** The socket to mount: the one our client uses, if it is a file here and not a virtual machine's. */
async function dockerSocket(): Promise<string> {
  const given = process.env["DOCKER_SOCKET"];
  if (given) return given;
  const context = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
  const host = process.env["DOCKER_HOST"] || (await dockerCommand(context)).stdout;
  const path = host.replace(/^unix:\/\//, "");
  const isOurs = process.platform === "linux" && !path.includes("/.docker/desktop/") && existsSync(path);
  return isOurs ? path : DEFAULT_SOCKET;
}

async function answers(port: number, host: string, app: string, stop: AbortSignal): Promise<void> {
  const ask = async (): Promise<Answer | undefined> => {
    stop.throwIfAborted();
    const answer = await visit(port, host);
    return answer.status === 200 && answer.body.includes(`app: ${app}\n`) ? answer : undefined;
  };
  const answer = await eventually(`${host} is answered by ${app} at port ${port}`, ask, READY_MS);
  say(`${host}:`);
  quote(whoAnswered(answer.body));
}

function cannotStart(port: number): number {
  say(`
docker compose could not start the stack; it said why above. If port ${port} is in use, choose another:

  SALLYPORT_PORT=8080 npm run demo

or see the same without Docker: npm run demo -- --embedded`);
  return 1;
}

function sayWhatToTry(port: number, socket: string): void {
  const at = port === 80 ? "http://localhost" : `http://localhost:${port}`;
  const otherPort = port === 80 ? "" : `SALLYPORT_PORT=${port} `;
  const otherSocket = socket === DEFAULT_SOCKET ? "" : `DOCKER_SOCKET=${socket} `;
  say(`
It works. Try:

${demoApps.map(({ host }) => `  curl -H 'Host: ${host}' ${at}/`).join("\n")}

  ${otherPort}${otherSocket}docker compose --profile demo up -d --scale demo-site=3      # three containers share the requests
  for i in 1 2 3 4 5 6; do curl -s -H 'Host: ${DEMO_HOST}' ${at}/ | head -1; done
  docker compose stop github-proxy                              # its host is no longer routed
  docker compose logs --no-log-prefix renderer                  # what is routed, what is not, and why

Stop it, and remove what it made:

  docker compose --profile demo down --volumes`);
}
