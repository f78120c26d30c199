import { type Attachment, type Container, isAlive } from "./container.ts";
import { networkEvent } from "./event-message.ts";
import { hexId } from "./hex-id.ts";
import type { Machine } from "./machine.ts";

/** `docker network connect`. As in the real engine, only a running container emits an event. */
export async function connect(machine: Machine, container: Container, networkName: string): Promise<void> {
  if (container.attachments.has(networkName)) throw new Error(`${container.name} is already in ${networkName}`);
  const attachment: Attachment = { network: machine.networkNamed(networkName), endpoint: undefined };
  container.attachments.set(networkName, attachment);
  if (isAlive(container)) await plug(machine, container, attachment);
}

/** `docker network disconnect`. Until Engine 28 a running container emits the event twice. */
export async function disconnect(machine: Machine, container: Container, networkName: string): Promise<void> {
  const attachment = container.attachments.get(networkName);
  if (attachment === undefined) throw new Error(`${container.name} is not in ${networkName}`);
  container.attachments.delete(networkName);
  const isAnnounced = isAlive(container);
  if (isAnnounced) await unplug(machine, container, attachment);
  if (isAnnounced && !machine.options.release.legacyFields) return;
  machine.events.emit(networkEvent(attachment.network, "disconnect", container));
}

/** Assigns an address on which the container listens. */
export async function plug(machine: Machine, container: Container, attachment: Attachment): Promise<void> {
  const { network } = attachment;
  const address = network.hasAddresses ? await listen(container, attachment) : "";
  if (network.driver === "host") await container.workload?.listen("127.0.0.1");
  attachment.endpoint = { id: hexId(), address, mac: macOf(address) };
  machine.events.emit(networkEvent(network, "connect", container));
}

/** Releases the address, which another container may then receive. */
export async function unplug(machine: Machine, container: Container, attachment: Attachment): Promise<void> {
  const { network, endpoint } = attachment;
  if (endpoint === undefined) return;
  attachment.endpoint = undefined;
  await container.workload?.unlisten(network.hasAddresses ? endpoint.address : "127.0.0.1");
  if (network.hasAddresses) network.release(endpoint.address);
  machine.events.emit(networkEvent(network, "disconnect", container));
}

/** Skips addresses on which another process of this machine listens. */
async function listen(container: Container, { network }: Attachment): Promise<string> {
  for (let attempt = 0; attempt < 256; attempt += 1) {
    const address = network.lease();
    try {
      await container.workload?.listen(address);
      return address;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
      if (address === "127.0.0.1") throw error;
    }
  }
  throw new Error(`no address of network ${network.name} is free on this machine`);
}

/** Docker derives the hardware address from the IP address. */
function macOf(address: string): string {
  if (address === "") return "";
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return `02:42:${bytes.join(":")}`;
}
