import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { dirname } from "node:path";

// The lower bound in Node: one process that follows Docker's events, inspects a started container once, builds the text
// and renames the file into place. No second process, schema, template engine, check or recovery.

interface Inspected {
  readonly Id: string;
  readonly Config: { readonly Env: readonly string[] };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
}

const [socketPath = "", destination = "", port = "80", pidFile] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const servers = new Map<string, string>();

async function get(path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    http
      .get({ socketPath, path, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks).toString()));
      })
      .on("error", reject);
  });
}

async function inspect(id: string): Promise<void> {
  const { Config, NetworkSettings } = JSON.parse(await get(`/v1.41/containers/${id}/json`)) as Inspected;
  const host = Config.Env.find((line) => line.startsWith("VIRTUAL_HOST="))?.slice(13);
  const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
  if (host !== undefined) {
    servers.set(
      id,
      `upstream ${host} {\n    server ${address}:5000;\n}\nserver {\n    listen ${port};\n    server_name ${host};\n    location / {\n        proxy_pass http://${host};\n    }\n}\n`,
    );
  }
}

function write(): void {
  let text = "";
  for (const server of servers.values()) text += server;
  writeFileSync(`${destination}.new`, text);
  renameSync(`${destination}.new`, destination);
  if (pidFile !== undefined) process.kill(Number(readFileSync(pidFile, "utf8")), "SIGHUP");
}

async function handle(line: string): Promise<void> {
  const { Action, Actor } = JSON.parse(line) as { Action: string; Actor: { ID: string } };
  if (Action === "start") await inspect(Actor.ID);
  else if (Action !== "die" || !servers.delete(Actor.ID)) return;
  write();
}

function follow(): void {
  const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: ["start", "die"] }));
  http.get({ socketPath, path: `/v1.41/events?filters=${filters}` }, (response) => {
    let rest = "";
    response.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) void handle(line);
    });
  });
}

async function main(): Promise<void> {
  mkdirSync(dirname(destination), { recursive: true });
  follow();
  const ids = (JSON.parse(await get("/v1.41/containers/json")) as { Id: string }[]).map(({ Id }) => Id);
  await Promise.all(ids.map(inspect));
  write();
}

void main();
