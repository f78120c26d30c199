import * as z from "zod";

const problem = z.string().optional();

/** One container and what is to be said of it; `value` is its own text. */
const Finding = z.object({
  id: z.string(),
  host: z.string(),
  name: z.string(),
  reason: z.string(),
  detail: z.string(),
  value: z.string().optional(),
});

/** Milliseconds since the epoch. */
const instant = z.int();

/** What counts besides the usual, in words. */
const rules = z.array(z.string()).optional();

/** An upstream server and the container it is, as far as its agent tells. */
const UpstreamServer = z.object({
  /** `address:port`, IPv6 in brackets. */
  endpoint: z.string(),
  container: z.string(),
  dockerHost: z.string().optional(),
  health: z.string().optional(),
  createdAt: instant.optional(),
  startedAt: instant.optional(),
  rules,
});

/** One attempt to publish; `hash` is the SHA-256 of what is live since. */
const Publication = z.object({
  at: instant,
  outcome: z.enum(["published", "rejected", "failed"]),
  generation: z.int(),
  hash: z.string().optional(),
  reason: problem,
});

/** What the renderer says of itself at its status socket: one JSON document, then the end. */
export const Report = z.object({
  pid: z.int(),
  targets: z.array(
    z.object({
      destination: z.string(),
      /** Name of what it is published together with. */
      transaction: z.string().optional(),
      pending: z.boolean(),
      problem,
      /** What should be otherwise although all is live. */
      warning: problem,
      publishedAt: z.int().optional(),
      generation: z.int(),
      liveHash: z.string().optional(),
      /** The latest first, since the renderer started. */
      publications: z.array(Publication),
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
  virtualHosts: z.array(
    z.object({
      host: z.string(),
      /** `address:port`, each once. */
      servers: z.array(z.string()),
      /** Containers behind them, by name. */
      containers: z.array(z.string()),
      paths: z.array(z.object({ path: z.string(), protocol: z.string(), servers: z.array(UpstreamServer), rules })),
      /** Containers that claim it and cannot be sent requests now. */
      waiting: z.array(z.object({ container: z.string(), detail: z.string() })),
      /** Containers whose word on it does not count, because an older one says otherwise. */
      disputed: z.array(z.object({ container: z.string(), detail: z.string() })).optional(),
      rules,
      /** Its requests are sent on to this host. */
      redirectTo: z.string().optional(),
      /** The certificate's name and last day; absent when the host is served plainly. */
      tls: z.object({ certificate: z.string(), until: z.string() }).optional(),
    }),
  ),
  /** Containers as general targets take them; absent when there is no such target. */
  listed: z
    .array(
      z.object({
        id: z.string(),
        host: z.string(),
        name: z.string(),
        /** Files that are made with it. */
        destinations: z.array(z.string()),
        leftOut: z.array(z.object({ destination: z.string(), detail: z.string() })),
      }),
    )
    .optional(),
  /** What is wrong with the configuration's file since it was last found good, which is in use. */
  refusedConfig: z.array(z.string()).optional(),
  /** What is wrong with templates since they were last found good, which are in use. */
  refusedTemplates: z.array(z.object({ destination: z.string(), problem: z.string() })).optional(),
  unrouted: z.array(Finding),
  quarantined: z.array(Finding),
  /** What was dropped or guessed of containers that are routed all the same. */
  remarks: z.array(Finding),
  certificates: z.array(
    z.object({
      name: z.string(),
      names: z.array(z.string()),
      until: z.string().optional(),
      /** Negative when it has ended. */
      daysLeft: z.int().optional(),
      problem,
    }),
  ),
});
export type Report = z.infer<typeof Report>;

/** True when nothing needs anybody's attention. */
export function isFine(report: Report): boolean {
  const { targets, agents, quarantined, certificates, refusedConfig = [], refusedTemplates = [] } = report;
  return (
    refusedConfig.length === 0 &&
    refusedTemplates.length === 0 &&
    targets.every(({ pending }) => !pending) &&
    agents.every(({ connected, docker }) => connected && docker === "connected") &&
    quarantined.length === 0 &&
    certificates.every(({ problem: fault }) => fault === undefined)
  );
}
