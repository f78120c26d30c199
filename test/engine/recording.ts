import { eventually } from "../eventually.ts";
import type { Client, WireEvent } from "./client.ts";

/** An engine, real or not, that can be told to do what the recording needs. Names are of containers. */
export interface Recordable {
  readonly docker: Client;
  /** In the network `rec-front`, exposing 5000/tcp and 53/udp, with a label, a variable and a health check. */
  create(name: string): Promise<void>;
  start(name: string): Promise<void>;
  /** Returns when its health check has succeeded. */
  becomeHealthy(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  kill(name: string, signal: string): Promise<void>;
  pause(name: string): Promise<void>;
  unpause(name: string): Promise<void>;
  rename(name: string, newName: string): Promise<void>;
  connect(name: string, network: string): Promise<void>;
  disconnect(name: string, network: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** What one engine answered and told while one container lived: the same walk for every engine. */
export interface Recording {
  readonly version: unknown;
  readonly listed: Readonly<Record<Moment, unknown>>;
  readonly inspected: Readonly<Record<Moment, unknown>>;
  readonly network: unknown;
  /** One event of each kind that a container's life has, the first told. */
  readonly events: readonly WireEvent[];
  /** All events, in the order told: type, action, and the signal of a `kill`. */
  readonly order: readonly string[];
}

export type Moment = "created" | "healthy" | "paused" | "connected" | "stopped";

const NAME = "rec-site";
const RENAMED = "rec-site2";
const NETWORK = "rec-front";
const OTHER_NETWORK = "rec-back";
export const recordedNetworks = [NETWORK, OTHER_NETWORK];

/** The networks `rec-front` and `rec-back` must exist, and `heard` must grow by what the engine tells of containers and networks. */
export async function record(engine: Recordable, heard: readonly WireEvent[]): Promise<Recording> {
  const { docker } = engine;
  const listed: Partial<Record<Moment, unknown>> = {};
  const inspected: Partial<Record<Moment, unknown>> = {};
  const look = async (moment: Moment, name: string): Promise<void> => {
    [listed[moment]] = await docker.listContainers({ all: true, filters: { name: [name] } });
    inspected[moment] = await docker.getContainer(name).inspect();
  };

  await engine.create(NAME);
  await look("created", NAME);
  await engine.start(NAME);
  await engine.becomeHealthy(NAME);
  await look("healthy", NAME);
  const network: unknown = await docker.getNetwork(NETWORK).inspect();
  await engine.pause(NAME);
  await look("paused", NAME);
  await engine.unpause(NAME);
  await engine.becomeHealthy(NAME);
  await engine.rename(NAME, RENAMED);
  await engine.connect(RENAMED, OTHER_NETWORK);
  await look("connected", RENAMED);
  await engine.disconnect(RENAMED, OTHER_NETWORK);
  await engine.kill(RENAMED, "SIGHUP");
  await engine.restart(RENAMED);
  await engine.becomeHealthy(RENAMED);
  await engine.stop(RENAMED);
  // Engine 26 returns before its list knows; after the second death, of restart and stop, it does.
  await eventually(
    "the end is told",
    () => heard.filter((event) => isTold(event) && event.Action === "die").length === 2,
  );
  await look("stopped", RENAMED);
  await engine.start(RENAMED);
  await engine.becomeHealthy(RENAMED);
  await engine.kill(RENAMED, "SIGKILL");
  await engine.remove(RENAMED);
  await eventually("the last event", () => heard.some((event) => isTold(event) && event.Action === "destroy"));

  const events = heard.filter(isTold);
  return {
    version: await docker.version(),
    listed: listed as Recording["listed"],
    inspected: inspected as Recording["inspected"],
    network,
    events: events.filter((event, i) => events.findIndex((first) => word(first) === word(event)) === i),
    order: events.map(word),
  };
}

/** Others may use a real engine meanwhile, and its health checks tell their exec, which ours do not run. */
function isTold({ Action, Actor }: WireEvent): boolean {
  return (Actor.Attributes["name"] ?? "").startsWith("rec-") && !Action.startsWith("exec_");
}

function word({ Type, Action, Actor }: WireEvent): string {
  return [Type, Action, Actor.Attributes["signal"] ?? ""].join(" ").trim();
}
