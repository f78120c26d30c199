import assert from "node:assert/strict";
import { ownContainer } from "../../../renderer/inventory/own-container.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { refusal } from "./printing.ts";
import type { Topic } from "./row.ts";

const ID = "0123456789abcdef".repeat(4);
const OTHER = "fedcba9876543210".repeat(4);
const line = (root: string, at: string) => `701 700 8:1 ${root} ${at} rw,relatime - ext4 /dev/sda1 rw\n`;
const OVERLAY = `680 600 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/${OTHER}/diff\n`;

/** Only routes with `proxy: self` use the container of the renderer. */
export const ownId: Topic = {
  name: "Current container",
  rows: [
    {
      shows: "an id that begins with the hostname is preferred, in every file",
      here: "Mounts of the container's own files are preferred, because a hostname is arbitrary. It is used if no mount contains an id.",
      run: () => {
        const mounts = line(`/var/lib/docker/containers/${ID}/hostname`, "/etc/hostname");
        assert.equal(ownContainer(mounts, OTHER.slice(0, 12)), ID);
        assert.equal(ownContainer(OVERLAY, ID.slice(0, 12)), ID.slice(0, 12));
      },
    },
    {
      shows: "with a custom hostname the first id is used",
      run: () => assert.equal(ownContainer(line(`/var/lib/docker/containers/${ID}/hosts`, "/etc/hosts"), "proxy"), ID),
    },
    {
      shows: "with cgroup v2 the id is read from mounts, not from the hash of a layer",
      run: () => {
        const mounts = OVERLAY + line(`/var/lib/docker/containers/${ID}/resolv.conf`, "/etc/resolv.conf");
        assert.equal(ownContainer(mounts, "proxy"), ID);
        assert.equal(ownContainer(OVERLAY, "proxy"), undefined);
      },
    },
    {
      shows: "the container directory of the engine may be a separate mount",
      run: () => assert.equal(ownContainer(line(`/${ID}/hostname`, "/etc/hostname"), "proxy"), ID),
    },
    {
      shows: "the id is read from Podman's userdata",
      run: () => {
        const root = `/containers/storage/overlay-containers/${ID}/userdata/hostname`;
        assert.equal(ownContainer(line(root, "/etc/hostname"), "proxy"), ID);
      },
    },
    {
      shows: "the id is read from an old line of a container's shm",
      here: "Such a line is ignored: it may belong to another container, and an engine with it also mounts hostname, hosts and resolv.conf.",
      run: () => {
        const shm = line(`/var/lib/docker/containers/${OTHER}/shm`, "/dev/shm");
        assert.equal(ownContainer(shm, "proxy"), undefined);
        assert.equal(ownContainer(shm + line(`/var/lib/docker/containers/${ID}/hosts`, "/etc/hosts"), "proxy"), ID);
      },
    },
    { shows: "outside of a container there is no id", run: () => assert.equal(ownContainer("", "laptop"), undefined) },
    {
      shows: "templates see whether there is a current container",
      here: "Not available: a file does not depend on where the renderer runs. With `proxy: self` routes use the networks of the renderer's container.",
      run: () => {
        assert.match(refusal("{{CurrentContainer}}"), /CurrentContainer: a template has no such field/);
        const target = { template: "/t", destination: "/d", reload: "none" };
        const text = JSON.stringify({ agents: [{ socket: "/a" }], proxy: "self", targets: [target] });
        const config = parseConfig(text, "c.yml");
        assert.equal("problems" in config ? config.problems : config.proxy, "self");
      },
    },
  ],
};
