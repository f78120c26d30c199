import type { Model } from "../template/model.ts";
import type { FileSettings } from "./settings.ts";

/** What the template says for all hosts, and nginx takes once only. */
const ONCE = [
  "client_header_timeout",
  "fastcgi_connect_timeout",
  "grpc_connect_timeout",
  "proxy_connect_timeout",
  "proxy_http_version",
  "proxy_next_upstream_tries",
  "real_ip_header",
  "real_ip_recursive",
  "resolver",
  "server_names_hash_bucket_size",
  "server_names_hash_max_size",
  "ssl_ciphers",
  "ssl_session_tickets",
  "ssl_session_timeout",
  "uwsgi_connect_timeout",
];

/** Of each of these: whether it is ours to say. What a file of the operator's beside ours says counts in its place. */
export function oursToSay(files: FileSettings | undefined): { readonly [name: string]: Model } {
  const given = new Set(files?.given);
  return Object.fromEntries(ONCE.map((name) => [name, !given.has(name)]));
}
