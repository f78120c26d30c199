import assert from "node:assert/strict";
import { parseConfig } from "../../../agent/config.ts";
import { differencesIn, fromArguments, skippedIn } from "../import/imported.ts";
import type { Topic } from "./row.ts";

const imported = (...words: string[]) => fromArguments(...words, "nginx.tmpl", "o");
const flagged = (address: string) => imported("docker-gen", "-endpoint", address);

export const endpoint: Topic = {
  name: "How Docker is reached",
  rows: [
    {
      shows: "it is a Unix socket by default, DOCKER_HOST says another, and the flag overrides both",
      here: "The agent's `--docker-socket`, which has the same default; it reads no variable. `import` tells which one docker-gen meant.",
      run: () => {
        const config = parseConfig([]);
        assert.equal("problems" in config ? "" : config["docker-socket"], "/var/run/docker.sock");
        assert.doesNotMatch(differencesIn(imported("docker-gen")), /docker-socket/);
        assert.match(differencesIn(imported("DOCKER_HOST=unix:///a.sock", "docker-gen")), /--docker-socket \/a\.sock/);
        const both = imported("DOCKER_HOST=unix:///a.sock", "docker-gen", "-endpoint", "unix:///b.sock");
        assert.match(differencesIn(both), /--docker-socket \/b\.sock/);
        assert.doesNotMatch(differencesIn(both), /a\.sock/);
      },
    },
    {
      shows:
        "`unix:/path` is refused, `unix://` and nothing are the default, `tcp://:4243` is this machine, `fd://` is taken",
      here: "Only a Unix socket is possible, for a port of Docker's is everybody's on the network who reaches it; all others are named and left out.",
      run: () => {
        for (const address of ["unix:/path", "tcp://:4243", "fd://"]) {
          assert.match(skippedIn(flagged(address)), /supports only a Unix socket/);
        }
        for (const address of ["unix://", ""]) assert.equal(skippedIn(flagged(address)), "");
      },
    },
    {
      shows: "`tcp://`, `tcp://h`, `tcp://h:`, `tcp://h:1:2` and `foo://` are refused",
      run: () => {
        for (const address of ["tcp://", "tcp://h", "tcp://h:", "tcp://h:1:2", "foo://"]) {
          assert.match(skippedIn(flagged(address)), /supports only a Unix socket/);
          assert.ok("problems" in parseConfig(["--docker-socket", address]));
        }
      },
    },
    {
      shows: "TLS is used when its files exist",
      here: "There is no TLS to Docker, as there is no network to it; what asks for TLS is named and left out. On each host runs an agent.",
      run: () => {
        for (const words of [["-tlscert", "c"], ["-tlskey", "k"], ["-tlscacert", "a"], ["-tlsverify"]]) {
          assert.match(skippedIn(imported("docker-gen", ...words)), /TLS to Docker/);
        }
        assert.match(skippedIn(imported("DOCKER_CERT_PATH=/c", "docker-gen")), /TLS to Docker/);
      },
    },
  ],
};
