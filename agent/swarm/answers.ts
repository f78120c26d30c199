import * as z from "zod";
import { NODE_STATES, TASK_STATES, UPDATE_STATES } from "../../shared/snapshot.ts";
import { strings, variables } from "../engine-response.ts";
import { isFullId, isSwarmId } from "../gate.ts";

// The fields read from the swarm's responses. Parsing drops all other keys, so nothing else is kept.

const id = z.string().refine(isSwarmId);
const created = z.object({ ID: id, Version: z.object({ Index: z.number() }), CreatedAt: z.string() });
const spec = z.object({
  ContainerSpec: z.object({ Image: z.string(), Env: variables, Labels: strings }),
});

/** One entry of `GET /tasks`. Its environment contains the secrets that the agent must not disclose. */
export const SwarmTask = created.extend({
  ServiceID: id,
  Slot: z.number().optional(),
  NodeID: z.string().optional(),
  Spec: spec,
  Status: z.object({
    State: z.enum(TASK_STATES),
    ContainerStatus: z.object({ ContainerID: z.string().refine(isFullId).optional().catch(undefined) }).nullish(),
  }),
  NetworksAttachments: z
    .array(
      z.object({
        Network: z.object({ ID: z.string(), Spec: z.object({ Name: z.string(), Ingress: z.boolean().optional() }) }),
        Addresses: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});
export type SwarmTask = z.infer<typeof SwarmTask>;

/** One entry of `GET /services`. Jobs and plug-ins have no `Replicated` or `Global` mode, or no container. */
export const SwarmService = created.extend({
  Spec: z.object({
    Name: z.string(),
    Labels: strings,
    TaskTemplate: spec,
    Mode: z.union([z.object({ Replicated: z.object({}) }), z.object({ Global: z.object({}) })]),
  }),
  Endpoint: z
    .object({
      Ports: z.array(z.object({ TargetPort: z.number(), Protocol: z.string().optional() })).nullish(),
      VirtualIPs: z.array(z.object({ NetworkID: z.string(), Addr: z.string().optional() })).nullish(),
    })
    .nullish(),
  UpdateStatus: z.object({ State: z.enum(UPDATE_STATES).optional().catch(undefined) }).nullish(),
});
export type SwarmService = z.infer<typeof SwarmService>;

/** One entry of `GET /nodes`. */
export const SwarmNode = z.object({
  ID: id,
  Description: z.object({ Hostname: z.string() }),
  Status: z.object({ State: z.enum(NODE_STATES) }),
});
export type SwarmNode = z.infer<typeof SwarmNode>;

const actor = z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).catch({}) });

/** One line of `GET /events`: the service that changed, or whether a node was drained, went down or returned. */
export const ServiceEvent = z.union([
  z
    .object({ Type: z.literal("service"), Actor: actor.extend({ ID: id }) })
    .transform(({ Actor: { ID } }) => ({ service: ID, isNode: false })),
  z.object({ Type: z.literal("node"), Actor: actor }).transform(({ Actor: { Attributes } }) => ({
    service: undefined,
    isNode: Object.hasOwn(Attributes, "availability.new") || Object.hasOwn(Attributes, "state.new"),
  })),
]);
export type ServiceEvent = z.infer<typeof ServiceEvent>;
