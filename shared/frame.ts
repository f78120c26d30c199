/** Length of the header: the body's size in bytes, unsigned, big-endian. */
const HEADER_BYTES = 4;

/** What an agent accepts from a peer: its requests are a method name and a few numbers. */
export const MAX_REQUEST_BYTES = 4 * 1024;

/** What a renderer accepts from an agent; a snapshot of any size is cut into parts that fit. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** The peer broke the framing. There is no way to find the next frame: close the connection. */
export class FrameError extends Error {
  readonly code: "frame.size" | "frame.utf8";

  constructor(code: FrameError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** One frame: length header, then the text as UTF-8. The text must fit `maxBytes`. */
export function encodeFrame(text: string, maxBytes: number): Buffer {
  const bodyBytes = Buffer.byteLength(text);
  if (bodyBytes > maxBytes) {
    throw new FrameError("frame.size", `frame of ${bodyBytes} bytes, at most ${maxBytes} may be sent`);
  }
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes);
  frame.writeUInt32BE(bodyBytes, 0);
  frame.write(text, HEADER_BYTES);
  return frame;
}

/**
 * Cuts a byte stream into frames. The announced length is refused before any byte of the body is
 * kept, so a reader never holds more than `maxBytes` plus one chunk.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bodyBytes: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True while a frame has begun and not ended: the time to run a deadline on the peer. */
  get midFrame(): boolean {
    return this.#heldBytes > 0 || this.#bodyBytes !== undefined;
  }

  /** The texts completed by this chunk, in order. Throws FrameError; the reader is dead after that. */
  *push(chunk: Buffer): Generator<string> {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    for (;;) {
      if (this.#bodyBytes === undefined) {
        if (this.#heldBytes < HEADER_BYTES) return;
        this.#bodyBytes = bodyLength(this.#take(HEADER_BYTES), this.#maxBytes);
      }
      if (this.#heldBytes < this.#bodyBytes) return;
      const body = this.#take(this.#bodyBytes);
      this.#bodyBytes = undefined;
      yield decodeUtf8(body);
    }
  }

  #take(bytes: number): Buffer {
    const joined = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = joined.length > bytes ? [joined.subarray(bytes)] : [];
    this.#heldBytes = joined.length - bytes;
    return joined.subarray(0, bytes);
  }
}

function bodyLength(header: Buffer, maxBytes: number): number {
  const announced = header.readUInt32BE(0);
  if (announced === 0 || announced > maxBytes) {
    throw new FrameError("frame.size", `frame of ${announced} bytes announced, 1 to ${maxBytes} accepted`);
  }
  return announced;
}

function decodeUtf8(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new FrameError("frame.utf8", "frame is not UTF-8");
  }
}
