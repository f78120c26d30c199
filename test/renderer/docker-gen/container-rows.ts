import assert from "node:assert/strict";
import { Inspected, ListEntry } from "../../../agent/observed.ts";
import { defaultPolicy } from "../../../agent/policy.ts";
import { sanitize } from "../../../agent/sanitize.ts";
import { disclosed, inspected, printed, refusal, seen } from "./printing.ts";
import type { Topic } from "./row.ts";

/** Ports with protocol and published addresses. */
const PORTS =
  "{{#each containers}}{{#each ports}}{{port}}/{{proto}}{{#each published}} {{ip}}:{{port}}{{/each}};{{/each}}{{/each}}";

const IMAGES: readonly [image: string, registry: string, repository: string, tag: string][] = [
  ["ubuntu", "", "ubuntu", ""],
  ["ubuntu:12.04", "", "ubuntu", "12.04"],
  ["custom.registry/ubuntu", "custom.registry", "ubuntu", ""],
  ["custom.registry/ubuntu:12.04", "custom.registry", "ubuntu", "12.04"],
  ["ns/name", "", "ns/name", ""],
  ["ns/name:1", "", "ns/name", "1"],
  ["custom.registry/ns/name:1", "custom.registry", "ns/name", "1"],
  ["localhost/ubuntu", "localhost", "ubuntu", ""],
  ["localhost:8888/ubuntu", "localhost:8888", "ubuntu", ""],
  ["localhost:8888/ns/name:1", "localhost:8888", "ns/name", "1"],
];

const PUT_TOGETHER =
  "{{#each containers}}{{#with (imageParts image)}}{{registry}}{{#if registry}}/{{/if}}{{repository}}{{#if tag}}:{{tag}}{{/if}}{{#if digest}}@{{digest}}{{/if}}{{/with}}{{/each}}";

export const containers: Topic = {
  name: "Containers",
  rows: [
    {
      shows: "an inspect response without Config, HostConfig and NetworkSettings gives empty fields",
      here: "Null values inside of them are empty. A response without them is invalid: the container keeps its last known state, or that of the container list with the mark `unread`.",
      run: () => {
        const nothing = {
          Config: { Env: null, Labels: null, ExposedPorts: null },
          NetworkSettings: { Networks: null, Ports: null },
          HostConfig: null,
        };
        const { env, labels, ports, networks } = disclosed(inspected(nothing));
        assert.deepEqual([env, labels, ports, networks], [{}, {}, [], []]);
        assert.equal(Inspected.safeParse({ ...inspected(), Config: null, NetworkSettings: null }).success, false);
        const row = {
          Id: "a".repeat(64),
          Names: ["/web"],
          Image: "x",
          Created: 1,
          State: "running",
          Status: "Up 1 minute",
        };
        const listed = sanitize(ListEntry.parse(row), defaultPolicy(), undefined, true);
        assert.deepEqual([listed?.name, listed?.unread, listed?.env], ["web", true, {}]);
      },
    },
    {
      shows: "devices have their paths on the host and in the container, and permissions",
      here: "Not available: the agent does not read HostConfig, which contains paths of the host.",
      run: () => {
        const HostConfig = {
          Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/x", CgroupPermissions: "rwm" }],
        };
        assert.doesNotMatch(JSON.stringify(disclosed(inspected({ HostConfig }))), /dev|Device/i);
        assert.match(refusal("{{#each containers}}{{devices}}{{/each}}"), /devices: a container has no such field/);
      },
    },
    {
      shows: "the current container is found even if the list does not contain it",
      here: "Not available: a file does not depend on where the renderer runs. `sharedNetworks` compares a container with one that the template selects.",
      run: () => {
        assert.match(refusal("{{currentContainer}}"), /currentContainer: a template has no such field/);
        const networks = [{ name: "back" }, { name: "front" }];
        const list = [
          { name: "proxy", networks: [{ name: "back" }] },
          { name: "web", networks },
        ];
        const template =
          "{{#each (notMatching containers 'proxy')}}{{#each (sharedNetworks this (matching @root.containers 'proxy'))}}{{name}}{{/each}}{{/each}}";
        assert.equal(printed(template, list), "back");
      },
    },
    {
      shows: "networks are sorted by name, also when there is one or none",
      run: () => {
        const names = "{{#each containers}}{{#each networks}}{{name}} {{/each}};{{/each}}";
        const of = (...all: string[]) => {
          const Networks = Object.fromEntries(all.map((name) => [name, { IPAddress: "10.0.0.1" }]));
          return printed(names, [seen(inspected({ NetworkSettings: { Networks } }))]);
        };
        assert.equal(of("web", "back", "front"), "back front web ;");
        assert.deepEqual([of("one"), of()], ["one ;", ";"]);
      },
    },
    {
      shows:
        "addresses have the address and port of the host that they are bound to; these are empty without a binding",
      here: "`ports` lists every binding of a port in `published`, not only the first. The address is that of the container's networks.",
      run: () => {
        const both = [
          { HostIp: "0.0.0.0", HostPort: "8080" },
          { HostIp: "::", HostPort: "8080" },
        ];
        const Ports = { "80/tcp": both, "443/tcp": null };
        const list = [seen(inspected({ NetworkSettings: { Ports } }))];
        assert.equal(printed(PORTS, list), "80/tcp 0.0.0.0:8080 :::8080;443/tcp;");
      },
    },
    {
      shows: "exposed ports are ignored if there are published ones",
      here: "Exposed ports are always listed: they are reachable on the container's networks.",
      run: () => {
        const answer = inspected({
          Config: { ExposedPorts: { "80/tcp": {}, "81/tcp": {} } },
          NetworkSettings: { Ports: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] } },
        });
        assert.equal(printed(PORTS, [seen(answer)]), "80/tcp 0.0.0.0:8080;81/tcp;");
      },
    },
    {
      shows: "without published ports the addresses are those of the exposed ports",
      run: () => {
        const answer = inspected({ Config: { ExposedPorts: { "80/tcp": {}, "53/udp": {} } } });
        assert.equal(printed(PORTS, [seen(answer)]), "53/udp;80/tcp;");
      },
    },
    {
      shows: "addresses are sorted by the number of the port, then the protocol",
      run: () => {
        const ExposedPorts = { "443/tcp": {}, "53/udp": {}, "80/tcp": {}, "53/tcp": {}, "8080/tcp": {} };
        const list = [seen(inspected({ Config: { ExposedPorts } }))];
        assert.equal(printed(PORTS, list), "53/tcp;53/udp;80/tcp;443/tcp;8080/tcp;");
      },
    },
    {
      shows: "variables are split at the first `=`: `K`, `K=`, `K=V`, `K=A=B`",
      run: () => {
        const Env = ["NONE", "EMPTY=", "ONE=V", "TWO=A=B"];
        const template =
          "{{#each containers}}{{#each (list 'NONE' 'EMPTY' 'ONE' 'TWO')}}{{this}}:{{get ../env this}};{{/each}}{{/each}}";
        const list = [seen(inspected({ Config: { Env } }), ["NONE", "EMPTY", "ONE", "TWO"])];
        assert.equal(printed(template, list), "NONE:;EMPTY:;ONE:V;TWO:A=B;");
      },
    },
    {
      shows:
        "an image is split into registry, repository and tag, and joined to the same name; localhost and names with a dot or port are registries",
      here: "The same, by `imageParts`. A digest is a separate part; in docker-gen it is split into repository and tag.",
      run: () => {
        for (const [image, ...parts] of IMAGES) {
          const template =
            "{{#each containers}}{{#with (imageParts image)}}{{registry}},{{repository}},{{tag}},{{digest}}{{/with}}{{/each}}";
          assert.equal(printed(template, [{ image }]), `${parts.join(",")},`, image);
          assert.equal(printed(PUT_TOGETHER, [{ image }]), image);
        }
        const digest = `sha256:${"ab".repeat(32)}`;
        for (const image of [digest, `nginx@${digest}`, `reg.example/x:1@${digest}`]) {
          assert.equal(
            printed("{{#each containers}}{{get (imageParts image) 'digest'}}{{/each}}", [{ image }]),
            digest,
          );
        }
      },
    },
    {
      shows: "two containers are equal if id and image are equal",
      here: '`eq` compares every field. To compare ids write `eq (get a "id") (get b "id")`.',
      run: () => {
        const [one, same, other] = [seen(inspected()), seen(inspected()), seen(inspected({ Name: "/other" }))];
        const compare = "{{eq (first containers) (last containers)}}";
        assert.deepEqual([printed(compare, [one, same]), printed(compare, [one, other])], ["true", "false"]);
        assert.equal(printed('{{eq (at containers "0.id") (at containers "1.id")}}', [one, other]), "true");
      },
    },
  ],
};
