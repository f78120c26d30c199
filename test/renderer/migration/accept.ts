import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { nginxCommand, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { programPath } from "../../demo/program-path.ts";

/** Checks with the program that reads the destination that it accepts the file. */
export function accept(destination: string, text: string, directory: string): void {
  const file = join(directory, "generated");
  writeFileSync(file, text, { mode: 0o644 });
  if (destination.startsWith("/etc/nginx/")) {
    const { live } = writeNginxConfigs(join(directory, "nginx"));
    writeFileSync(join(directory, "nginx", "conf.d", "default.conf"), text);
    accepts(...(nginxCommand(join(directory, "nginx"), live) as [string, ...string[]]), "-t");
  } else if (destination.startsWith("/etc/logrotate.d/")) accepts("logrotate", "-d", "-s", `${file}.state`, file);
  else if (destination.endsWith(".hosts")) accepts("dnsmasq", "--test", "--conf-file=/dev/null", "--addn-hosts", file);
  else if (destination.endsWith(".sh")) accepts("/bin/bash", "-n", file);
  else if (destination.endsWith(".yml")) parseYaml(text);
  else if (destination.endsWith(".json")) JSON.parse(text);
  // There is no Fluentd to test with: only the balance of tags is checked.
  else assert.equal(text.match(/^ *<[a-z]/gm)?.length, text.match(/^ *<\//gm)?.length);
}

/** Runs a program that must exit with 0. */
function accepts(command: string, ...args: readonly string[]): void {
  const made = spawnSync(command, args, { encoding: "utf8", env: { PATH: programPath() } });
  assert.equal(made.status, 0, `${command}: ${made.error?.message ?? ""}${made.stdout}${made.stderr}`);
}
