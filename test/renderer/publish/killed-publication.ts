import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { Journal } from "../../../renderer/publish/journal.ts";
import { Printed } from "../../../renderer/publish/printed.ts";
import { publish } from "../../../renderer/publish/publication.ts";
import { Volume } from "../../../renderer/publish/volume.ts";
import { ScriptedServer } from "./scripted-server.ts";

// node killed-publication.ts DIRECTORY TEXT STEP NAME...: publishes DIRECTORY/NAME/file of each name together, and kills
// itself before the STEPth change of any file.
const [directory = "", text = "", step = "", ...names] = process.argv.slice(2);

let left = Number(step);
const changes = [
  "writeFileSync",
  "writeSync",
  "renameSync",
  "linkSync",
  "unlinkSync",
  "rmSync",
  "ftruncateSync",
] as const;
for (const name of changes) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const killing = (...args: unknown[]): unknown => {
    if (--left === 0) process.kill(process.pid, "SIGKILL");
    return original(...args);
  };
  Object.assign(fs, { [name]: killing });
}
syncBuiltinESMExports();

const parts = names.map((name) => {
  const volume = new Volume(join(directory, name, "file"));
  const server = new ScriptedServer(volume.live);
  return { volume, server, reload: name, wanted: new Printed(Buffer.from(`${text} ${name}`)) };
});
void publish(parts, new Journal(join(directory, "journal.json")));
