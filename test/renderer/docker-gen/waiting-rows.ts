import assert from "node:assert/strict";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Wait } from "../../../renderer/publish/debounce.ts";
import { configFromArguments } from "../../../renderer/cli/docker-gen-arguments.ts";
import { actsAt } from "./acting.ts";
import { fromToml, fromArguments, skippedIn } from "../import/imported.ts";
import type { Topic } from "./row.ts";

/** The wait of an imported docker-gen command line. */
function waitOf(text: string): Wait | undefined {
  return fromArguments("-watch", "-wait", text, "nginx.tmpl", "o").config.targets[0]?.wait;
}

const BURST = [0, 150, 300];

export const waiting: Topic = {
  name: "Wait and watch",
  rows: [
    {
      shows:
        "the default is no wait; `1ms` is 1 to 4 ms; `1ms:111ms` is 1 to 111 ms; `500x`, `500s:4x` and `1m:1s` are rejected",
      here: "The default is `100ms:1s`; the first change after a quiet time is published at once. `import` reports an invalid wait, and the renderer rejects it with its place in the configuration.",
      run: () => {
        assert.deepEqual(waitOf(""), { minMs: 100, maxMs: 1_000 });
        assert.deepEqual(waitOf("1ms"), { minMs: 1, maxMs: 4 });
        assert.deepEqual(waitOf("1ms:111ms"), { minMs: 1, maxMs: 111 });
        for (const wrong of ["500x", "500s:4x", "1m:1s"]) {
          assert.match(skippedIn(fromArguments("-watch", "-wait", wrong, "nginx.tmpl", "o")), /is not min:max/);
          const words = ["-watch", "-wait", wrong, "nginx.tmpl", "o"];
          assert.match(JSON.stringify(configFromArguments(words, "/srv")), /problems.*is not min:max/);
          const target = { template: "/t", destination: "/d", reload: "none", wait: wrong };
          const text = JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] });
          assert.match(JSON.stringify(parseConfig(text, "c.yml")), /c\.yml:1:\d+: .*must be MIN:MAX/);
        }
      },
    },
    {
      shows: "a wait is read from a configuration file",
      run: () => {
        const { config } = fromToml('[[config]]\ntemplate = "nginx.tmpl"\ndest = "o"\nwatch = true\nwait = "2s:9s"\n');
        assert.deepEqual(config.targets[0]?.wait, { minMs: 2_000, maxMs: 9_000 });
      },
    },
    {
      shows: "only configurations with `watch` follow events",
      here: "A renderer follows events for all targets or, with `run --once`, for none. `import` reports every configuration without `watch`.",
      run: () => {
        const entry = (dest: string, more: string) =>
          `[[config]]\ntemplate = "nginx.tmpl"\ndest = "${dest}"\n${more}\n`;
        const { notes, config } = fromToml(entry("a", "watch = true") + entry("b", ""));
        assert.equal(config.targets.length, 2);
        assert.equal(
          notes.filter(({ text }) => /once and exits, as `sallyport-renderer run --once` does/.test(text)).length,
          1,
        );
      },
    },
    {
      shows: "with a minimum of 0 every event is published at once",
      run: async () => assert.deepEqual(await actsAt({ minMs: 0, maxMs: 0 }, BURST), BURST),
    },
    {
      shows: "a burst at 0, 150 and 300 ms with 200 ms to 1 s is one run, at 500 ms",
      here: "The first change is published at once; the rest of the burst is one publication, at 500 ms.",
      run: async () => assert.deepEqual(await actsAt({ minMs: 200, maxMs: 1_000 }, BURST), [0, 500]),
    },
    {
      shows: "the same burst with at most 250 ms is two runs, at 250 and 500 ms",
      here: "Also two, at 0 and 400 ms: no change waits longer than 250 ms, counted from the first waiting change.",
      run: async () => assert.deepEqual(await actsAt({ minMs: 200, maxMs: 250 }, BURST), [0, 400]),
    },
  ],
};
