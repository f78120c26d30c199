import { recordReal } from "./real-recording.ts";

/** Prints a recording of a real engine: `tsx test/engine/record.ts /var/run/docker.sock > test/engine/recorded/26.1.5.json` */
async function main(): Promise<void> {
  const [socketPath = "/var/run/docker.sock"] = process.argv.slice(2);
  console.log(JSON.stringify(await recordReal(socketPath), null, 2));
}

await main();
