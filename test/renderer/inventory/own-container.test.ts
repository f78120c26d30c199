import assert from "node:assert/strict";
import { test } from "node:test";
import { ownContainer } from "../../../renderer/inventory/own-container.ts";

const ID = "0123456789abcdef".repeat(4);

const MOUNTS = `700 680 0:50 / / rw,relatime - overlay overlay rw
701 700 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
`;

test("a container knows its id by the files that Docker mounts, whatever its hostname is", () => {
  assert.equal(ownContainer(MOUNTS, "proxy.example.com"), ID);
});

test("a container of Podman knows its id", () => {
  const mounts = `9 8 0:1 /containers/storage/overlay-containers/${ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n`;
  assert.equal(ownContainer(mounts, "x"), ID);
});

test("where no mount tells, the hostname that the engine gives is the beginning of the id", () => {
  assert.equal(ownContainer("", "0123456789ab"), "0123456789ab");
  assert.equal(ownContainer("", "0123456789AB"), undefined);
  assert.equal(ownContainer("", "proxy"), undefined);
});
