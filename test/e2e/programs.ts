import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BackgroundProcess } from "../demo/background-process.ts";
import { nginxCommand, runNginx, writeNginxConfigs } from "../demo/local-nginx.ts";
import { programPath } from "../demo/program-path.ts";
import type { ContainerOptions } from "../engine/container.ts";

/** A target of the renderer's configuration. */
interface TargetConfig {
  readonly destination: string;
  readonly [key: string]: unknown;
}

/** A program that is configured by a target and listens on the port of the test. */
export interface Program {
  readonly name: string;
  /** Writes the program's other files and returns the target. */
  readonly prepare: (directory: string, volume: string, port: number) => TargetConfig;
  /** Starts the program in the foreground. Its file exists. */
  readonly run: (directory: string) => BackgroundProcess;
  /** The labels or variables with which a container requests a host. */
  readonly requestFor: (host: string) => Pick<ContainerOptions, "env" | "labels">;
}

/**
 * A reload command. While the file `block` exists, it creates the file `blocked`, waits until `block` is removed, and
 * fails.
 */
function blockableReload(directory: string, command: readonly string[]): object {
  const script = join(directory, "reload.sh");
  const [block, blocked] = [join(directory, "block"), join(directory, "blocked")];
  const lines = [
    "#!/bin/sh",
    `if [ -e ${block} ]; then`,
    `\ttouch ${blocked}`,
    `\twhile [ -e ${block} ]; do sleep 0.1; done`,
  ];
  writeFileSync(script, [...lines, "\texit 1", "fi", 'exec "$@"', ""].join("\n"), { mode: 0o755 });
  return { exec: { command: [script, ...command], timeout: "60s" } };
}

/** A template of the gallery with other ports and paths, edited as a user would edit it. */
function changedTemplate(directory: string, name: string, changes: readonly (readonly [string, string])[]): string {
  const file = join(directory, `${name}.hbs`);
  let text = readFileSync(`renderer/templates/gallery/${name}.hbs`, "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name}.hbs does not contain ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
  return file;
}

const environment = { PATH: programPath() };

export const HAPROXY: Program = {
  name: "HAProxy",
  prepare: (directory, volume, port) => ({
    template: changedTemplate(directory, "haproxy.cfg", [["bind :8080", `bind 127.0.0.1:${port}`]]),
    destination: join(volume, "haproxy.cfg"),
    format: "haproxy",
    check: { command: ["haproxy", "-c", "-f", "{candidate}"] },
    reload: blockableReload(directory, ["sh", "-c", `echo reload | socat - UNIX-CONNECT:${directory}/master.sock`]),
  }),
  run: (directory) => {
    const args = ["-W", "-db", "-S", join(directory, "master.sock"), "-f", join(directory, "conf.d", "haproxy.cfg")];
    return new BackgroundProcess("haproxy", "haproxy", args, { env: environment });
  },
  requestFor: (host) => ({ labels: { "haproxy.host": host } }),
};

export const CADDY: Program = {
  name: "Caddy",
  prepare: (directory, volume, port) => {
    const socket = `unix/${join(directory, "admin.sock")}`;
    const destination = join(volume, "Caddyfile");
    return {
      template: changedTemplate(directory, "Caddyfile", [
        ["admin unix//run/caddy/admin.sock", `admin ${socket}\n\thttp_port ${port}`],
        ["{{@key}} {", "http://{{@key}} {"],
      ]),
      destination,
      format: "caddyfile",
      check: { command: ["caddy", "validate", "--adapter", "caddyfile", "--config", "{candidate}"] },
      reload: blockableReload(
        directory,
        `caddy reload --adapter caddyfile --config ${destination} --address ${socket}`.split(" "),
      ),
    };
  },
  run: (directory) => {
    const args = ["run", "--adapter", "caddyfile", "--config", join(directory, "conf.d", "Caddyfile")];
    return new BackgroundProcess("caddy", "caddy", args, { env: { ...environment, HOME: directory } });
  },
  requestFor: (host) => ({ labels: { "caddy.host": host } }),
};

export const NGINX: Program = {
  name: "nginx",
  prepare: (directory, volume, port) => {
    const { live, candidate } = writeNginxConfigs(directory);
    return {
      template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
      destination: join(volume, "default.conf"),
      listen: port,
      check: { command: [...nginxCommand(directory, candidate), "-t", "-q"] },
      reload: blockableReload(directory, [...nginxCommand(directory, live), "-s", "reload"]),
    };
  },
  run: (directory) =>
    runNginx({ directory, live: join(directory, "nginx.conf"), candidate: join(directory, "candidate.conf") }),
  requestFor: (host) => ({ env: { VIRTUAL_HOST: host } }),
};
