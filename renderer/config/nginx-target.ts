import * as z from "zod";
import { SelectRule } from "../select/rule.ts";
import { Https, Nginx } from "./nginx-settings.ts";
import { Routing } from "./routing.ts";
import { sharedKeys } from "./shared-keys.ts";
import { Streams } from "./streams.ts";
import { absolutePath, portNumber } from "./values.ts";

/** nginx's configuration, rendered from virtual hosts. A target without `format` is of this kind. */
export const NginxTarget = z
  .strictObject({
    template: z
      .union(
        [
          absolutePath,
          z.array(absolutePath).length(1, "must be one template; only targets with `format` have partials"),
        ],
        "must be an absolute path",
      )
      .describe("Handlebars template of nginx's configuration."),
    ...sharedKeys,
    // What discriminates the kinds. It is not part of the published schema.
    format: z.undefined().optional(),
    containers: SelectRule.pick({ onlyPublished: true, where: true })
      .optional()
      .describe("Containers that may have routes. Default: all that are not stopped."),
    onlyExposed: z.boolean().default(true).describe("Ignore containers that expose no TCP port."),
    listen: portNumber.default(8080).describe("Port that nginx listens on, inside its container."),
    routing: Routing.prefault({}).describe("How containers become routes."),
    nginx: Nginx.prefault({}).describe("How nginx is set up, apart from ports and TLS."),
    https: Https.optional().describe("TLS for virtual hosts that have a certificate. Default: no TLS."),
    streams: Streams.optional().describe(
      "TCP, UDP, and TLS by server name, in a second file for nginx's main context. Default: none.",
    ),
  })
  .transform((target) => ({ kind: "nginx" as const, ...target }));

export interface NginxTargetConfig extends z.infer<typeof NginxTarget> {
  /** Set on the target that `streams` adds. */
  readonly context?: "stream";
}
