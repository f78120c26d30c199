/** Longest path of a Unix socket on Linux, in bytes. Some versions of Node silently truncate a longer one. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Returns why the path cannot be the path of a Unix socket, or undefined. */
export function socketPathProblem(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return undefined;
  return `has ${bytes} bytes, but the path of a Unix socket has at most ${MAX_SOCKET_PATH_BYTES}; choose a shorter path`;
}
