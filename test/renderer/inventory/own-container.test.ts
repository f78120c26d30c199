import assert from "node:assert/strict";
import { test } from "node:test";
import { ownContainer } from "../../../renderer/inventory/own-container.ts";

const ID = "0123456789abcdef".repeat(4);

const MOUNTS = `700 680 0:50 / / rw,relatime - overlay overlay rw
701 700 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
`;

test("the id is read from the files that Docker mounts, regardless of the hostname", () => {
  assert.equal(ownContainer(MOUNTS, "proxy.example.com"), ID);
});

test("the id is that of the files Podman mounts", () => {
  const mounts = `9 8 0:1 /containers/storage/overlay-containers/${ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n`;
  assert.equal(ownContainer(mounts, "x"), ID);
});

test("without such mounts, a hostname of 12 hex digits is the beginning of the id", () => {
  assert.equal(ownContainer("", "0123456789ab"), "0123456789ab");
  assert.equal(ownContainer("", "0123456789AB"), undefined);
  assert.equal(ownContainer("", "proxy"), undefined);
});
