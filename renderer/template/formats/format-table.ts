import { CADDYFILE } from "./caddyfile.ts";
import { HAPROXY } from "./haproxy.ts";
import { HOSTS } from "./hosts.ts";
import { NGINX } from "./nginx.ts";
import { NONE } from "./none.ts";
import { JSON_FORMAT, TOML, YAML } from "./quoted-text.ts";
import { SHELL } from "./shell.ts";

export const FORMATS = {
  nginx: NGINX,
  haproxy: HAPROXY,
  caddyfile: CADDYFILE,
  yaml: YAML,
  json: JSON_FORMAT,
  toml: TOML,
  shell: SHELL,
  hosts: HOSTS,
  none: NONE,
} as const;

export type FormatName = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
