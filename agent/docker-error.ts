export type DockerFault =
  | "gate.route"
  | "docker.unreachable"
  | "docker.timeout"
  | "docker.size"
  | "docker.cut"
  | "docker.redirect"
  | "docker.status"
  | "docker.schema"
  | "docker.version"
  | "docker.ended";

/**
 * Why a call to Docker gave nothing. `errno` is the system's word (ENOENT, EACCES, …) or the HTTP
 * status. What Docker itself said is not kept: it may hold anything.
 */
export class DockerError extends Error {
  readonly code: DockerFault;
  readonly errno: string | undefined;

  constructor(code: DockerFault, errno?: string) {
    super(errno === undefined ? code : `${code} (${errno})`);
    this.code = code;
    this.errno = errno;
  }
}

/** The fault of anything thrown; what is not ours is a broken promise of the transport. */
export function faultOf(error: unknown): DockerFault {
  return error instanceof DockerError ? error.code : "docker.cut";
}
