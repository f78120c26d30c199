/** What `help` and `--help` print. */
export const HELP = `sallyport-agent: tells a renderer what the policy lets out of Docker, and nothing else

  serve                       watch Docker and serve the RPC socket (default)
  health                      ask the running agent; exit 0 when Docker is connected
  policy check                parse the policy; exit 78 with every problem
  policy explain CONTAINER    what would be disclosed of it, and how much is withheld
  audit verify                check the trail offline; exit 0 whole, 1 tampered, 2 cut, 3 unreadable
  audit report                who connected, what was disclosed of whom, what was refused
  audit keygen                a new sealing key; keep a copy away from this host

serve, health and policy take:
  --docker-socket PATH        /var/run/docker.sock
  --socket PATH               /run/sallyport/agent/rpc.sock
  --host NAME                 name of this Docker host, for renderers with several agents (local)
  --user UID:GID              who to become when started as root (65532:65532)
  --policy FILE               what to disclose (docs/policy.schema.json); without it the default policy
  --only-project NAME, --only-network NAME, --only-label KEY[=VALUE]   see nothing else; may be repeated
  --relist SECONDS            whole look at Docker that heals lost events (60)
  --exit-when-refused         end when nobody listens at the Docker socket, so that a supervisor mounts the new one
  --audit-dir DIR             /var/lib/sallyport/audit
  --audit-key FILE            seal records with this evolving key
  --audit-failure halt|degrade   what to do when the trail cannot be written (halt)
  --audit-file-bytes N, --audit-keep N   size of a file of the trail, and how many are kept
audit verify takes --dir DIR, --key-file FILE (as keygen made it), --anchor SEQ:HASH, --json
`;
