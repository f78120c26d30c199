import assert from "node:assert/strict";
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { PublicKey } from "../../agent/audit/public-key.ts";
import { verifyTrail } from "../../agent/audit/verify.ts";
import { requires } from "../requires.ts";
import { appendTo, GoVerifier, stop, TrailRig } from "./trail-rig.ts";

/** Tamperings in all, and how many trails exist on disk at once. */
const TAMPERINGS = 10_500;
const AT_ONCE = 500;

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
  file: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  with: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
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
    appendTo(trail, 12);
    stop(trail);
  });
  await write("several files", 0, (directory) => {
    const trail = rig.open(directory, { maxBytes: 2_500 });
    appendTo(trail, 25);
    stop(trail);
  });
  await write("pruned", 0, (directory) => {
    const trail = rig.open(directory, { maxBytes: 2_500, keep: 2 });
    appendTo(trail, 40);
    stop(trail);
  });
  await write("resumed", 0, (directory) => {
    for (let run = 0; run < 3; run++) {
      const trail = rig.open(directory, { maxBytes: 4_000 });
      appendTo(trail, 4);
      stop(trail);
    }
  });
  await write("with a lost file", 2, (directory) => {
    const trail = rig.open(directory, { maxBytes: 2_500 });
    appendTo(trail, 25);
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

/** Writes the files, as links to the original ones where they did not change. */
function writeFiles({ directory, files }: Original, changed: ReadonlyMap<string, Buffer>, target: string): void {
  mkdirSync(target);
  for (const [name, content] of changed) {
    if (content === files.get(name)) linkSync(join(directory, name), join(target, name));
    else writeFileSync(join(target, name), content);
  }
}

const isSame = (a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean =>
  a.size === b.size && [...a].every(([name, content]) => b.get(name)?.equals(content) === true);

test(`two verifiers agree on ${TAMPERINGS} tamperings and accept none`, { skip: requires("go") }, async () => {
  const seed = Number(process.env["SALLYPORT_SEED"] ?? Date.now() % 2 ** 31);
  const samples = fc.sample(fc.tuple(fc.nat({ max: originals.length - 1 }), Tampering), { numRuns: TAMPERINGS, seed });
  const codes = new Map<string, number>();
  for (let start = 0; start < samples.length; start += AT_ONCE) {
    const batch = rig.create(`batch${start}`);
    const tried = samples.slice(start, start + AT_ONCE).flatMap(([index, tampering], number) => {
      const original = originals[index]!;
      const changed = tamper(original, tampering);
      if (isSame(changed, original.files)) return [];
      const directory = join(batch, String(number));
      writeFiles(original, changed, directory);
      return [{ directory, title: JSON.stringify({ seed, trail: original.directory, ...tampering }) }];
    });
    const second = await go.verify(tried.map(({ directory }) => directory));
    for (const [number, { directory, title }] of tried.entries()) {
      const { exitCode, message } = await verifyTrail(directory, key, 0);
      assert.ok(exitCode > 0, `accepted: ${title}`);
      assert.equal(second[number], exitCode, `the verifiers disagree (${message}): ${title}`);
      codes.set(String(exitCode), (codes.get(String(exitCode)) ?? 0) + 1);
    }
    rmSync(batch, { recursive: true });
  }
  assert.ok((codes.get("1") ?? 0) > TAMPERINGS / 3 && (codes.get("2") ?? 0) > 0, JSON.stringify([...codes]));
});
