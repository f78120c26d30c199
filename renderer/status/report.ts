import * as z from "zod";

const problem = z.string().optional();

/** What the renderer says of itself at its status socket: one JSON document, then the end. */
export const Report = z.object({
  pid: z.int(),
  targets: z.array(
    z.object({
      destination: z.string(),
      pending: z.boolean(),
      problem,
      publishedAt: z.int().optional(),
      generation: z.int(),
      liveHash: z.string().optional(),
    }),
  ),
  agents: z.array(
    z.object({
      socket: z.string(),
      host: z.string(),
      connected: z.boolean(),
      since: z.int(),
      docker: z.string(),
      generation: z.int(),
      containers: z.int(),
      problem,
    }),
  ),
  virtualHosts: z.array(z.object({ host: z.string(), servers: z.array(z.string()) })),
  unrouted: z.array(z.object({ host: z.string(), name: z.string(), reason: z.string(), detail: z.string() })),
  quarantined: z.array(
    z.object({
      host: z.string(),
      name: z.string(),
      reason: z.string(),
      detail: z.string(),
      value: z.string().optional(),
    }),
  ),
});
export type Report = z.infer<typeof Report>;

/** True when nothing needs anybody's attention. */
export function isFine({ targets, agents, quarantined }: Report): boolean {
  return (
    targets.every(({ pending }) => !pending) &&
    agents.every(({ connected, docker }) => connected && docker === "connected") &&
    quarantined.length === 0
  );
}
