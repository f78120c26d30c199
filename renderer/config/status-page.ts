import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";
import { plainPath, portNumber } from "./plain-path.ts";

/** The machine nginx runs in, and nobody else: apps share a network with nginx, and are not to know of each other. */
const LOOPBACK = ["127.0.0.0/8", "::1"];

const network = z.string().refine(isNetwork, {
  error: ({ input }) => `${String(input)} is not an address or a network such as 172.18.0.1 or 10.0.0.0/8`,
});

/** Where the status page is kept, and who may read it. */
export const StatusPageSettings = z.strictObject({
  directory: plainPath.describe("Where index.html, style.css and status.json are kept, as the renderer sees it."),
  directoryInNginx: plainPath.optional().describe("The same directory as nginx sees it, when it is another path."),
  listen: portNumber.default(8081).describe("Port of its own that nginx serves the page on, inside its container."),
  allow: z.array(network).min(1).default(LOOPBACK).describe("Addresses and networks that may read it; nobody else."),
});
export type StatusPageSettings = z.infer<typeof StatusPageSettings>;

/** Whether nginx takes this text after `allow`. */
function isNetwork(text: string): boolean {
  const [, address = "", bits] = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const longest = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return longest >= 0 && Number(bits ?? 0) <= longest;
}
