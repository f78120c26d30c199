import assert from "node:assert/strict";
import { parseConfig } from "../../../agent/config.ts";
import { differencesIn, fromArguments, skippedIn } from "../import/imported.ts";
import type { Topic } from "./row.ts";

const imported = (...words: string[]) => fromArguments(...words, "nginx.tmpl", "o");
const flagged = (address: string) => imported("docker-gen", "-endpoint", address);

export const endpoint: Topic = {
  name: "Docker endpoint",
  rows: [
    {
      shows: "the default is a Unix socket; DOCKER_HOST and the flag override it, in this order",
      here: "The agent's `--docker-socket` has the same default, and no variable overrides it. `import` prints the socket that docker-gen used.",
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
        "`unix:/path` is rejected, `unix://` and an empty endpoint are the default, `tcp://:4243` is the local machine, `fd://` is accepted",
      here: "Only a Unix socket is possible, because every host of a network can reach a port. `import` reports every other endpoint.",
      run: () => {
        for (const address of ["unix:/path", "tcp://:4243", "fd://"]) {
          assert.match(skippedIn(flagged(address)), /supports only a Unix socket/);
        }
        for (const address of ["unix://", ""]) assert.equal(skippedIn(flagged(address)), "");
      },
    },
    {
      shows: "`tcp://`, `tcp://h`, `tcp://h:`, `tcp://h:1:2` and `foo://` are rejected",
      run: () => {
        for (const address of ["tcp://", "tcp://h", "tcp://h:", "tcp://h:1:2", "foo://"]) {
          assert.match(skippedIn(flagged(address)), /supports only a Unix socket/);
          assert.ok("problems" in parseConfig(["--docker-socket", address]));
        }
      },
    },
    {
      shows: "TLS is used when its files exist",
      here: "No TLS, because the agent runs on the host of Docker and uses no network. `import` reports options for TLS.",
      run: () => {
        for (const words of [["-tlscert", "c"], ["-tlskey", "k"], ["-tlscacert", "a"], ["-tlsverify"]]) {
          assert.match(skippedIn(imported("docker-gen", ...words)), /TLS to Docker/);
        }
        assert.match(skippedIn(imported("DOCKER_CERT_PATH=/c", "docker-gen")), /TLS to Docker/);
      },
    },
  ],
};
