import * as z from "zod";
import { network, nginxPath, portNumber } from "./values.ts";

/** Only nginx's own container: apps share a network with nginx and must not read about each other. */
const LOOPBACK = ["127.0.0.0/8", "::1"];

export const StatusPageSettings = z.strictObject({
  directory: nginxPath.describe(
    "Directory of the page and the metrics, as a path in the renderer. nginx must mount it.",
  ),
  directoryInNginx: nginxPath
    .optional()
    .describe("The same directory, as a path in nginx. Needed if nginx mounts it at another path."),
  listen: portNumber.default(8081).describe("Port that nginx serves the page on, inside its container."),
  allow: z
    .array(network)
    .min(1)
    .default(LOOPBACK)
    .describe("Addresses and networks that may read the page. Default: only nginx's own container."),
});
export type StatusPageSettings = z.infer<typeof StatusPageSettings>;
