import type { Model } from "../template/model.ts";
import type { NginxSettings } from "./settings.ts";

/**
 * Returns the directory that ACME challenges are served from, or false without HTTPS. In the directory of Sallyport's own
 * client, nginx follows no links: a client that an attacker controls must not make nginx serve keys.
 */
export function challengesModel({ https }: NginxSettings): Model {
  return https ? { root: https.challenges, isOwn: https.acme !== undefined } : false;
}
