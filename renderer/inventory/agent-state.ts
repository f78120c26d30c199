import * as z from "zod";
import { SwarmState } from "../../shared/rpc.ts";

/** The state of an agent, as the status report has it. */
export const AgentState = z.object({
  socket: z.string().describe("Path of the agent's socket."),
  dockerHost: z.string().describe("Name of the agent's Docker host. Empty until the agent has connected once."),
  connected: z.boolean().describe("Whether the renderer is connected to the agent."),
  since: z.int().describe("Last change of `connected`, in milliseconds since the epoch."),
  docker: z.string().describe("`connecting`, `connected` or `unreachable`; `unknown` while the agent is disconnected."),
  generation: z.int().describe("Generation of the agent's last snapshot."),
  containers: z.int().describe("Containers that the agent discloses."),
  overflow: z.int().optional().describe("Containers beyond the agent's limit, which it does not disclose."),
  unreadable: z.int().optional().describe("Containers that the agent could not read."),
  streamEnds: z.int().optional().describe("How often Docker's event stream ended since the agent started."),
  swarm: SwarmState.optional().describe(
    "Whether the tasks of the swarm that the agent follows are current. `unknown`: it has not listed them yet. `stale`: its manager does not list them.",
  ),
  error: z.string().optional().describe("Why the agent is disconnected."),
  auditError: z
    .string()
    .optional()
    .describe("Why the agent's audit trail is not the one that the renderer saw before."),
  absentSince: z
    .int()
    .optional()
    .describe(
      "Since when the agent's state may be outdated, in milliseconds since the epoch. Missing while it is current.",
    ),
});

export type AgentState = z.infer<typeof AgentState>;
