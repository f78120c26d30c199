/** Size of the header, which contains the body's size in bytes as an unsigned big-endian integer. */
const HEADER_BYTES = 4;

/** Maximum size of a request. */
export const MAX_REQUEST_BYTES = 4 * 1024;

/** Maximum size of a message from the agent. Larger snapshots are split into parts. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** A framing violation. The next frame cannot be found, so the connection must be closed. */
export class FrameError extends Error {
  readonly code: "frame.size" | "frame.utf8";

  constructor(code: FrameError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Encodes one frame: length header, then the text as UTF-8. Throws FrameError if it exceeds `maxBytes`. */
export function encodeFrame(text: string, maxBytes: number): Buffer {
  const bodyBytes = Buffer.byteLength(text);
  if (bodyBytes > maxBytes) {
    throw new FrameError("frame.size", `frame has ${bodyBytes} bytes; the limit is ${maxBytes}`);
  }
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes);
  frame.writeUInt32BE(bodyBytes, 0);
  frame.write(text, HEADER_BYTES);
  return frame;
}

/**
 * Splits a byte stream into frames. An invalid length is rejected before the body is buffered, so a reader
 * never buffers more than `maxBytes` plus one chunk.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bodyBytes: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True while a frame is incomplete. The caller must limit how long that may last. */
  get midFrame(): boolean {
    return this.#heldBytes > 0 || this.#bodyBytes !== undefined;
  }

  /** Yields the texts completed by this chunk, in order. After a FrameError the reader must not be used again. */
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
    throw new FrameError("frame.size", `frame announces ${announced} bytes; 1 to ${maxBytes} are permitted`);
  }
  return announced;
}

function decodeUtf8(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new FrameError("frame.utf8", "frame is not valid UTF-8");
  }
}
