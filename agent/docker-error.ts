/** Faults of a call to Docker: reason codes of the audit trail, each with its message. */
const dockerFaults = {
  "gate.route": "the agent does not permit this request",
  "docker.unreachable": "cannot connect to Docker",
  "docker.timeout": "Docker did not respond in time",
  "docker.size": "Docker's response exceeds the size limit",
  "docker.cut": "Docker's response was incomplete",
  "docker.redirect": "Docker responded with a redirect",
  "docker.status": "Docker responded with an error",
  "docker.schema": "Docker's response has an unexpected format",
  "docker.version": "Docker's API version is not supported",
  "docker.ended": "Docker closed the event stream",
} as const;

export type DockerFault = keyof typeof dockerFaults;

/**
 * A failed call to Docker. `detail` is the system's error code (ENOENT, EACCES, …), the HTTP status or the
 * API versions. Docker's own message is dropped, because it may contain secrets.
 */
export class DockerError extends Error {
  readonly code: DockerFault;
  readonly detail: string | undefined;

  constructor(code: DockerFault, detail?: string) {
    super(detail === undefined ? dockerFaults[code] : `${dockerFaults[code]}: ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}

/** Returns the error itself, or `docker.cut` for anything the HTTP client throws. */
export function asDockerError(error: unknown): DockerError {
  return error instanceof DockerError ? error : new DockerError("docker.cut");
}
