import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../property.ts";
import { encodeFrame, FrameError, FrameReader } from "../../shared/frame.ts";

const text = fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" });

test("decodes the same texts for any chunking of the stream", () => {
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
      (texts, sizes) => {
        const stream = Buffer.concat(texts.map((one) => encodeFrame(one, 4_096)));
        const reader = new FrameReader(4_096);
        const read: string[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const size = sizes[cut % sizes.length]!;
          read.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(read, texts);
        assert.equal(reader.midFrame, false);
      },
    ),
  );
});

test("rejects a length over the limit by its header alone", () => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(4_097);
  assert.throws(
    () => [...new FrameReader(4_096).push(header)],
    (error) => error instanceof FrameError && error.code === "frame.size",
  );
});

test("rejects an empty frame", () => {
  assert.throws(() => [...new FrameReader(16).push(Buffer.alloc(4))], { code: "frame.size" });
});

test("rejects a body that is not UTF-8", () => {
  const frame = Buffer.from([0, 0, 0, 2, 0xc3, 0x28]);
  assert.throws(() => [...new FrameReader(16).push(frame)], { code: "frame.utf8" });
});

test("reports an incomplete frame", () => {
  const reader = new FrameReader(64);
  assert.deepEqual([...reader.push(encodeFrame("hello", 64).subarray(0, 6))], []);
  assert.equal(reader.midFrame, true);
});

test("refuses to encode a text over the limit", () => {
  assert.throws(() => encodeFrame("x".repeat(17), 16), { code: "frame.size" });
});
