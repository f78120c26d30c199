import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HashRange } from "../../shared/merkle.ts";

/** Hashes, and entries, in a full tile. */
const WIDTH = 256;

/** Writes a trail as static tiles (C2SP tlog-tiles) while its leaves pass in order, in constant memory. */
export class TileWriter {
  readonly #directory: string;
  #entries: Buffer[] = [];
  /** The hashes of the last tile of each level. */
  readonly #levels: Buffer[][] = [];
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  push(entry: Buffer, hash: Buffer): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    this.#entries.push(length, Buffer.from(entry));
    this.#count += 1;
    this.#add(0, hash);
    if (this.#count % WIDTH === 0) this.#writeEntries();
  }

  /** Writes the partial tiles, and then the checkpoint. */
  finish(checkpoint: string): void {
    if (this.#entries.length > 0) this.#writeEntries();
    for (const [level, hashes] of this.#levels.entries()) {
      if (hashes.length > 0) this.#write(`tile/${level}/${this.#path(level, hashes.length)}`, Buffer.concat(hashes));
    }
    this.#write("checkpoint", Buffer.from(checkpoint));
  }

  #writeEntries(): void {
    this.#write(`tile/entries/${this.#path(0, this.#count % WIDTH || WIDTH)}`, Buffer.concat(this.#entries));
    this.#entries = [];
  }

  /** Adds a hash to a level. A full tile is written, and its root is a hash of the next level. */
  #add(level: number, hash: Buffer): void {
    const hashes = (this.#levels[level] ??= []);
    hashes.push(hash);
    if (hashes.length < WIDTH) return;
    this.#write(`tile/${level}/${this.#path(level, WIDTH)}`, Buffer.concat(hashes));
    const tile = new HashRange();
    for (const one of hashes) tile.push(one);
    this.#levels[level] = [];
    this.#add(level + 1, tile.root());
  }

  /** Returns the number of the last tile of a level in groups of three digits, such as `x001/x234/067`. */
  #path(level: number, width: number): string {
    const number = String(Math.ceil(this.#count / WIDTH ** (level + 1)) - 1);
    const padded = number.padStart(3 * Math.ceil(number.length / 3), "0");
    return padded.replace(/[0-9]{3}(?=[0-9])/g, "x$&/") + (width < WIDTH ? `.p/${width}` : "");
  }

  #write(path: string, content: Buffer): void {
    const file = join(this.#directory, path);
    mkdirSync(dirname(file), { recursive: true });
    // The directory may be public: the new file is never one that someone else has put there, such as a link or a FIFO.
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, content, { flag: "wx" });
    renameSync(`${file}.new`, file);
  }
}
