import { eventually } from "../eventually.ts";
import type { Client, WireEvent } from "./client.ts";

/** Operations of an engine that a recording needs. Names are container names. */
export interface Recordable {
  readonly docker: Client;
  /** Creates a container in `rec-front` that exposes 5000/tcp and 53/udp, with a label, a variable and a health check. */
  create(name: string): Promise<void>;
  start(name: string): Promise<void>;
  /** Returns when the health check has succeeded. */
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

/** Responses and events of one engine during the life of one container; the same sequence for every engine. */
export interface Recording {
  readonly version: unknown;
  readonly listed: Readonly<Record<Moment, unknown>>;
  readonly inspected: Readonly<Record<Moment, unknown>>;
  readonly network: unknown;
  /** The container's image, requested by its id. */
  readonly image: unknown;
  /** The first event of each kind. */
  readonly events: readonly WireEvent[];
  /** All events in order: type, action, and the signal of a `kill`. */
  readonly order: readonly string[];
}

export type Moment = "created" | "healthy" | "paused" | "connected" | "stopped";

const NAME = "rec-site";
const RENAMED = "rec-site2";
const NETWORK = "rec-front";
const OTHER_NETWORK = "rec-back";
export const recordedNetworks = [NETWORK, OTHER_NETWORK];

/** Records an engine. The networks `rec-front` and `rec-back` must exist; `received` must grow by container and network events. */
export async function record(engine: Recordable, received: readonly WireEvent[]): Promise<Recording> {
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
  const { Image } = await docker.getContainer(NAME).inspect();
  const image: unknown = await docker.getImage(Image.replace("sha256:", "")).inspect();
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
  // Engine 26 returns before its list is up to date.
  await eventually(
    "the list shows the end",
    () => received.filter((event) => isRecorded(event) && event.Action === "die").length === 2,
  );
  await look("stopped", RENAMED);
  await engine.start(RENAMED);
  await engine.becomeHealthy(RENAMED);
  await engine.kill(RENAMED, "SIGKILL");
  await engine.remove(RENAMED);
  await eventually("the last event", () => received.some((event) => isRecorded(event) && event.Action === "destroy"));

  const events = received.filter(isRecorded);
  return {
    version: await docker.version(),
    listed: listed as Recording["listed"],
    inspected: inspected as Recording["inspected"],
    network,
    image,
    events: events.filter((event, i) => events.findIndex((first) => word(first) === word(event)) === i),
    order: events.map(word),
  };
}

/** Ignores events of other containers, and exec events, which only health checks of a real engine emit. */
function isRecorded({ Action, Actor }: WireEvent): boolean {
  return (Actor.Attributes["name"] ?? "").startsWith("rec-") && !Action.startsWith("exec_");
}

function word({ Type, Action, Actor }: WireEvent): string {
  return [Type, Action, Actor.Attributes["signal"] ?? ""].join(" ").trim();
}
