import * as z from "zod";
import { NginxTarget, type NginxTargetConfig } from "./nginx-target.ts";
import { StatusPageSettings } from "./status-page.ts";
import { TemplateTarget, type TemplateTargetConfig } from "./template-target.ts";
import { ipAddress } from "./option-keys.ts";
import { socketPath, staleAfter } from "./values.ts";

const Proxy = z.union(
  [
    z.literal("host"),
    z.literal("self"),
    z.strictObject({ label: z.string().min(1).describe("Label of nginx's container, as KEY or KEY=VALUE.") }),
    z.strictObject({ container: z.string().min(1).describe("Name of nginx's container.") }),
  ],
  "must be `host`, `self`, or have one of `label` and `container`",
);

const Agent = z.strictObject({
  socket: socketPath.describe("Path of the agent's Unix socket."),
  host: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe(
      "Name of the agent's Docker host. An agent with another name is refused: a tunnel may lead to another host. Default: any name.",
    ),
  address: ipAddress
    .optional()
    .describe(
      "Address at which nginx reaches the published ports of this Docker host. Default: nginx uses the containers' own addresses, which it reaches on its own Docker host only.",
    ),
  staleAfter: staleAfter.optional().describe("`routing.staleAfter` for the containers of this agent."),
});

function areDistinct(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}

const Target = z.discriminatedUnion("format", [NginxTarget, TemplateTarget]);

/** The renderer's configuration file (YAML). */
export const ConfigFile = z.strictObject({
  $schema: z.string().optional().describe("Address of this schema for editors. The renderer ignores it."),
  agents: z
    .array(Agent)
    .min(1)
    .refine((agents) => areDistinct(agents.map(({ socket }) => socket)), "must have different sockets")
    .refine((agents) => areDistinct(agents.flatMap(({ host }) => host ?? [])), "must have different hosts")
    .describe("The agents to follow, one for each Docker host."),
  proxy: Proxy.default({ label: "sallyport.proxy=true" }).describe(
    "How nginx's container is found. Its networks decide which containers are reachable. `host`: nginx runs on the Docker host; `self`: in the renderer's container.",
  ),
  statusSocket: socketPath
    .default("/tmp/status.sock")
    .describe("Unix socket that `status`, `explain` and `health` query."),
  statusPage: StatusPageSettings.optional().describe("Status page. Default: none."),
  targets: z.array(Target).min(1).describe("The files to render."),
});

export type TargetConfig = NginxTargetConfig | TemplateTargetConfig;

/** A valid configuration with its defaults. */
export interface Config extends z.infer<typeof ConfigFile> {
  targets: TargetConfig[];
}
