import assert from "node:assert/strict";
import { ownContainer } from "../../../renderer/inventory/own-container.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { refusal } from "./printing.ts";
import type { Topic } from "./row.ts";

const ID = "0123456789abcdef".repeat(4);
const OTHER = "fedcba9876543210".repeat(4);
const line = (root: string, at: string) => `701 700 8:1 ${root} ${at} rw,relatime - ext4 /dev/sda1 rw\n`;
const OVERLAY = `680 600 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/${OTHER}/diff\n`;

/** Which container the renderer runs in is asked for routes alone, with `proxy: self`. */
export const ownId: Topic = {
  name: "The own container",
  rows: [
    {
      shows: "an id that begins as the hostname does is preferred, whichever file it is in",
      here: "Mounts of the container's own files are preferred: a hostname may be anything. It counts where no mount tells.",
      run: () => {
        const mounts = line(`/var/lib/docker/containers/${ID}/hostname`, "/etc/hostname");
        assert.equal(ownContainer(mounts, OTHER.slice(0, 12)), ID);
        assert.equal(ownContainer(OVERLAY, ID.slice(0, 12)), ID.slice(0, 12));
      },
    },
    {
      shows: "with a hostname of somebody's choice the first id that there is counts",
      run: () => assert.equal(ownContainer(line(`/var/lib/docker/containers/${ID}/hosts`, "/etc/hosts"), "proxy"), ID),
    },
    {
      shows: "with cgroup v2 it is told by mounts, and not by the layer's hash",
      run: () => {
        const mounts = OVERLAY + line(`/var/lib/docker/containers/${ID}/resolv.conf`, "/etc/resolv.conf");
        assert.equal(ownContainer(mounts, "proxy"), ID);
        assert.equal(ownContainer(OVERLAY, "proxy"), undefined);
      },
    },
    {
      shows: "containers of the engine may be on a mount of their own",
      run: () => assert.equal(ownContainer(line(`/${ID}/hostname`, "/etc/hostname"), "proxy"), ID),
    },
    {
      shows: "Podman's userdata tells it",
      run: () => {
        const root = `/containers/storage/overlay-containers/${ID}/userdata/hostname`;
        assert.equal(ownContainer(line(root, "/etc/hostname"), "proxy"), ID);
      },
    },
    {
      shows: "an old line of a container's shm tells it",
      here: "Such a line is not looked at: it may be another container's, and an engine that has it mounts hostname, hosts and resolv.conf as well.",
      run: () => {
        const shm = line(`/var/lib/docker/containers/${OTHER}/shm`, "/dev/shm");
        assert.equal(ownContainer(shm, "proxy"), undefined);
        assert.equal(ownContainer(shm + line(`/var/lib/docker/containers/${ID}/hosts`, "/etc/hosts"), "proxy"), ID);
      },
    },
    { shows: "outside of a container there is none", run: () => assert.equal(ownContainer("", "laptop"), undefined) },
    {
      shows: "templates see the current container when there is one, and that there is none",
      here: "They see none: a file is the same wherever the renderer runs. Routes need to know nginx's networks; with `proxy: self` those are the renderer's own.",
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
