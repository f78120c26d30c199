import { CADDYFILE } from "./caddyfile.ts";
import type { Format } from "./format.ts";
import { HAPROXY } from "./haproxy.ts";
import { HOSTS } from "./hosts.ts";
import { NGINX } from "./nginx.ts";
import { NONE } from "./none.ts";
import { QUOTED_JSON } from "./quoted-json.ts";
import { SHELL } from "./shell.ts";

/** Every value of `format` in a target. */
export const FORMATS = {
  nginx: NGINX,
  haproxy: HAPROXY,
  caddyfile: CADDYFILE,
  yaml: QUOTED_JSON,
  json: QUOTED_JSON,
  toml: QUOTED_JSON,
  shell: SHELL,
  hosts: HOSTS,
  none: NONE,
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
