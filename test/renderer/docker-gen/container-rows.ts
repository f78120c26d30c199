import assert from "node:assert/strict";
import { Inspected, ListEntry } from "../../../agent/inspected.ts";
import { fromListEntry } from "../../../agent/observed.ts";
import { defaultPolicy } from "../../../agent/policy.ts";
import { sanitize } from "../../../agent/sanitize.ts";
import { disclosed, inspected, printed, refusal, seen } from "./printing.ts";
import type { Topic } from "./row.ts";

/** Ports as a line each: port, protocol, and where it is published. */
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
      shows: "an answer to inspect without Config, HostConfig and NetworkSettings stops nothing and gives empty fields",
      here: "What is null inside of them is empty. An answer without them is none of Docker's: the container then stays as it was known, or as the list has it, marked `unread`, for an empty environment would be a claim.",
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
        const listed = sanitize(fromListEntry(ListEntry.parse(row)), defaultPolicy(), true);
        assert.deepEqual([listed?.name, listed?.unread, listed?.env], ["web", true, {}]);
      },
    },
    {
      shows: "devices are told with their paths on the host and in the container, and permissions",
      here: "Not told: the agent reads nothing of HostConfig, for paths of the host are nobody's business who writes configuration.",
      run: () => {
        const HostConfig = {
          Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/x", CgroupPermissions: "rwm" }],
        };
        assert.doesNotMatch(JSON.stringify(disclosed(inspected({ HostConfig }))), /dev|Device/i);
        assert.match(
          refusal("{{#each containers}}{{devices}}{{/each}}"),
          /devices: a container has no such field/,
        );
      },
    },
    {
      shows: "the current container is found although the list has it not",
      here: "There is none in templates: a file is the same wherever the renderer runs. `sharedNetworks` joins a container with another one that the template names.",
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
      shows: "addresses have the host's address and port they are bound to; without a binding these are empty",
      here: "`ports` has all bindings of a port in `published`, not the first one alone, and the address is that of the container's networks.",
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
      shows: "where there are ports, exposed ports do not count",
      here: "A port that an image exposes is told in any case: it can be reached on the container's networks all the same.",
      run: () => {
        const answer = inspected({
          Config: { ExposedPorts: { "80/tcp": {}, "81/tcp": {} } },
          NetworkSettings: { Ports: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] } },
        });
        assert.equal(printed(PORTS, [seen(answer)]), "80/tcp 0.0.0.0:8080;81/tcp;");
      },
    },
    {
      shows: "where there are no ports, the addresses are those of the exposed ports",
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
        "an image is split into registry, repository and tag, of which localhost and names with a dot or port are registries, and put together again it is the same",
      here: "The same, by `imageParts`; and a digest is one, where docker-gen takes it for a part of the repository and a tag.",
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
      shows: "two containers are the same if id and image are",
      here: '`eq` compares what can be printed, part by part: containers that differ in anything are not the same. By id alone it is `eq (get a "id") (get b "id")`.',
      run: () => {
        const [one, same, other] = [seen(inspected()), seen(inspected()), seen(inspected({ Name: "/other" }))];
        const compare = "{{eq (first containers) (last containers)}}";
        assert.deepEqual([printed(compare, [one, same]), printed(compare, [one, other])], ["true", "false"]);
        assert.equal(printed('{{eq (at containers "0.id") (at containers "1.id")}}', [one, other]), "true");
      },
    },
  ],
};
