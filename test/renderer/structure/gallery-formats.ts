import { readCaddyfile } from "./read-caddyfile.ts";
import { readFluentBit, readHosts, readJson, readToml, readTraefik, readYaml } from "./read-documents.ts";
import { readHaproxy } from "./read-haproxy.ts";
import { readLogrotate } from "./read-logrotate.ts";
import { readNginx } from "./read-nginx.ts";
import { readShell } from "./read-shell.ts";
import type { Tree } from "./tree.ts";

/** A template, and the parser of its output. */
export interface RenderedFile {
  /** Name in the gallery, unless `text` is the template. */
  readonly name: string;
  readonly text?: string;
  readonly format: string;
  readonly read: (text: string) => Tree;
}

const each = (line: string): string => `{{#each containers}}\n${line}\n{{/each}}\n`;

/** Every template of the gallery, and one of each format with a value at every kind of place. */
export const PRINTED: readonly RenderedFile[] = [
  { name: "haproxy.cfg", format: "haproxy", read: readHaproxy },
  { name: "Caddyfile", format: "caddyfile", read: readCaddyfile },
  { name: "traefik.yml", format: "yaml", read: readTraefik },
  { name: "dnsmasq.hosts", format: "hosts", read: readHosts },
  { name: "prometheus.json", format: "json", read: readJson },
  { name: "logrotate.conf", format: "shell", read: readLogrotate },
  { name: "fluent-bit.yml", format: "yaml", read: readFluentBit },
  {
    name: "any nginx",
    text: each('# {{name}}\nset {{name}} "x{{inner name}}" {{project}};\nserver { x "{{inner service}}"; }'),
    format: "nginx",
    read: readNginx,
  },
  {
    name: "any haproxy",
    text: `defaults\n${each('# {{name}}\n  x {{name}} "x{{inner name}}" {{project}}#y {{service}}')}`,
    format: "haproxy",
    read: readHaproxy,
  },
  {
    name: "any caddyfile",
    text: each('# {{name}}\n{{name}} {\n\tx "x{{inner name}}" {{project}} {{service}}\n}'),
    format: "caddyfile",
    read: readCaddyfile,
  },
  {
    name: "any yaml",
    text: each(
      '# {{raw (json name)}}\n- ? {{name}}\n  : [{{project}}, x]\n- y: "x{{inner service}}"\n- ? {{service}}\n  : &b {{name}}',
    ),
    format: "yaml",
    read: readYaml,
  },
  {
    name: "any toml",
    text: each(
      '[[x]] # {{name}}\ny = {{name}}\nz = ["x{{inner service}}", {{project}}]\n{{shortId}} = { a = {{name}} }',
    ),
    format: "toml",
    read: readToml,
  },
  {
    name: "any shell",
    text: each("echo {{name}} x{{service}}y {{project}}"),
    format: "shell",
    read: readShell,
  },
];
