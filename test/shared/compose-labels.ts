/** The labels of a container that Compose created. */
export function composeLabels(project: string, service = "web"): Record<string, string> {
  return {
    "com.docker.compose.project": project,
    "com.docker.compose.service": service,
    "com.docker.compose.config-hash": "0".repeat(64),
  };
}
