import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fc, SEED } from "../property.ts";
import { PublicKey } from "../../agent/audit/public-key.ts";
import { verifyTrail } from "../../agent/audit/verify.ts";
import { requires } from "../requires.ts";
import { appendTo, GoVerifier, stop, TrailRig } from "./trail-rig.ts";

/** Some tamperings change nothing, such as an exchange of a line with itself. */
const TAMPERINGS = 10_000;

/** At least 0 and less than 1, evenly spread, unlike numbers of `fc.double`. */
const fraction = fc.nat({ max: 2 ** 30 - 1 }).map((number) => number / 2 ** 30);

/** What an attacker does to one file or to its lines. `at` and `with` are positions from 0 to 1. */
const Tampering = fc.record({
  kind: fc.constantFrom(
    ...(["flip", "insert byte", "append byte", "delete byte", "insert line", "append line", "delete line"] as const),
    ...([
      "reorder lines",
      "replace line",
      "cut end",
      "cut start",
      "splice",
      "swap files",
      "delete file",
      "replace file",
    ] as const),
  ),
  file: fraction,
  at: fraction,
  with: fraction,
  byte: fc.integer({ min: 1, max: 255 }),
});
type Tampering = typeof Tampering extends fc.Arbitrary<infer T> ? T : never;

/** A trail: its directory, the content of its files, and the exit code before any tampering. */
interface Original {
  readonly directory: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly exitCode: number;
}

let rig: TrailRig;
let go: GoVerifier;
let key: PublicKey;
const originals: Original[] = [];

before(async () => {
  if (requires("go") !== false) return;
  rig = new TrailRig();
  go = new GoVerifier(rig.publicKeyFile, rig.directory);
  key = new PublicKey(rig.publicKeyFile);
  const write = async (name: string, exitCode: number, run: (directory: string) => void): Promise<void> => {
    const directory = rig.create(name);
    run(directory);
    for (const other of ["resume", "lock.1"]) rmSync(join(directory, other), { force: true });
    const files = new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))]));
    assert.deepEqual(
      [(await verifyTrail(directory, key, 0)).exitCode, await go.verify([directory])],
      [exitCode, [exitCode]],
      name,
    );
    originals.push({ directory, files, exitCode });
  };
  await write("one file", 0, (directory) => {
    const trail = rig.open(directory);
    appendTo(trail, 6);
    stop(trail);
  });
  await write("several files", 0, (directory) => {
    const trail = rig.open(directory, { maxBytes: 1_500 });
    appendTo(trail, 12);
    stop(trail);
  });
  await write("pruned", 0, (directory) => {
    const trail = rig.open(directory, { maxBytes: 1_500, keep: 2 });
    appendTo(trail, 15);
    stop(trail);
  });
  await write("resumed", 0, (directory) => {
    for (let run = 0; run < 3; run++) {
      const trail = rig.open(directory, { maxBytes: 3_000 });
      appendTo(trail, 2);
      stop(trail);
    }
  });
  await write("killed", 2, (directory) => {
    const trail = rig.open(directory);
    appendTo(trail, 12);
    trail.close();
    appendFileSync(join(directory, "trail-000000000000001.jsonl"), "{");
    stop(rig.open(directory));
  });
  await write("with a lost file", 2, (directory) => {
    const trail = rig.open(directory, { maxBytes: 1_500 });
    appendTo(trail, 12);
    stop(trail);
    rmSync(join(directory, readdirSync(directory).toSorted()[3]!));
  });
});

after(async () => {
  go?.close();
  await rig?.close();
});

/** Returns the files after the tampering; a file that is missing was deleted. */
function tamper({ files }: Original, { kind, file, at, with: other, byte }: Tampering): Map<string, Buffer> {
  const names = [...files.keys()];
  const name = names[Math.floor(file * names.length)]!;
  const content = files.get(name)!;
  const position = Math.floor(at * content.length);
  const changed = new Map(files);
  const lines = content.toString("latin1").split(/(?<=\n)/);
  const [from, to] = [Math.floor(at * lines.length), Math.floor(other * lines.length)];
  const set = (bytes: Buffer | readonly string[]): unknown =>
    changed.set(name, Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.join(""), "latin1"));
  const otherName = names[Math.floor(other * names.length)]!;
  switch (kind) {
    case "flip":
      set(Buffer.from(content.map((value, index) => (index === position ? value ^ byte : value))));
      break;
    case "insert byte":
      set(Buffer.concat([content.subarray(0, position), Buffer.from([byte]), content.subarray(position)]));
      break;
    case "append byte":
      set(Buffer.concat([content, Buffer.from([byte])]));
      break;
    case "delete byte":
      set(Buffer.concat([content.subarray(0, position), content.subarray(position + 1)]));
      break;
    case "insert line":
      set(lines.toSpliced(to, 0, lines[from]!));
      break;
    case "append line":
      set([...lines, lines[from]!.replace(/"seq":[0-9]+/, `"seq":${Math.floor(other * 100)}`)]);
      break;
    case "delete line":
      set(lines.toSpliced(from, 1));
      break;
    case "reorder lines":
      set(lines.with(from, lines[to]!).with(to, lines[from]!));
      break;
    case "replace line":
      set(lines.with(from, lines[from]!.replace(/"(ok|allow|note|test)"/, '"forged"')));
      break;
    case "cut end":
      set(content.subarray(0, position));
      break;
    case "cut start":
      set(content.subarray(position));
      break;
    case "splice":
      set([
        ...lines.slice(0, from),
        ...(
          files
            .get(otherName)
            ?.toString("latin1")
            .split(/(?<=\n)/) ?? []
        ).slice(to),
      ]);
      break;
    case "swap files":
      changed.set(name, files.get(otherName)!).set(otherName, content);
      break;
    case "delete file":
      changed.delete(name);
      break;
    case "replace file":
      changed.set(name, files.get(otherName)!);
      break;
  }
  return changed;
}

/** Replaces the files of a directory that differ. */
function replaceFiles(directory: string, from: ReadonlyMap<string, Buffer>, to: ReadonlyMap<string, Buffer>): void {
  for (const name of from.keys()) if (!to.has(name)) rmSync(join(directory, name));
  for (const [name, content] of to) if (content !== from.get(name)) writeFileSync(join(directory, name), content);
}

const isSame = (a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean =>
  a.size === b.size && [...a].every(([name, content]) => b.get(name)?.equals(content) === true);

test(`two verifiers agree on ${TAMPERINGS} tamperings and accept none`, { skip: requires("go") }, async () => {
  const samples = fc.sample(fc.noBias(fc.tuple(fc.nat({ max: originals.length - 1 }), Tampering)), {
    // Some change nothing.
    numRuns: 1.2 * TAMPERINGS,
  });
  const codes = new Map<string, number>();
  let tried = 0;
  for (const [index, tampering] of samples) {
    const original = originals[index]!;
    const { directory, files } = original;
    const changed = tamper(original, tampering);
    if (isSame(changed, files)) continue;
    if (tried === TAMPERINGS) break;
    tried += 1;
    replaceFiles(directory, files, changed);
    const title = JSON.stringify({ SEED, trail: directory, ...tampering });
    const [{ exitCode, message }, [second]] = await Promise.all([
      verifyTrail(directory, key, 0),
      go.verify([directory]),
    ]);
    assert.ok(exitCode > 0, `accepted: ${title}`);
    assert.equal(second, exitCode, `the verifiers disagree (${message}): ${title}`);
    codes.set(String(exitCode), (codes.get(String(exitCode)) ?? 0) + 1);
    replaceFiles(directory, changed, files);
  }
  assert.equal(tried, TAMPERINGS);
  assert.ok((codes.get("1") ?? 0) > TAMPERINGS / 3 && (codes.get("2") ?? 0) > 0, JSON.stringify([...codes]));
});
