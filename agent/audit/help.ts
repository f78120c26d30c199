/** Output of `help` and `--help`. */
export const AUDIT_HELP = `Usage: sallyport-audit COMMAND [OPTIONS]

Verifies and summarizes an agent's audit trail. Needs read access to the trail, and no Docker socket.

Commands:
  verify                     verify the trail; exit 0 intact, 1 tampered, 2 incomplete, 3 unreadable
  report                     summarize connections, disclosures, refusals and requests; verifies nothing
  proof SEQ                  print a proof that the trail contains the record SEQ (C2SP tlog-proof)
  export TARGET              write the trail as static tiles (C2SP tlog-tiles) below a directory
  keygen                     create the key pair FILE and FILE.pub of --audit-key

Options:
  --audit-dir DIR            directory of the audit trail (default: /var/lib/sallyport/audit)
  --public-key FILE          verify, proof, export: the agent's public key (default: key.pub in --audit-dir)
  --json                     verify: print JSON
  --audit-key FILE           keygen: file to create for the private key
  --host NAME                keygen: name of the Docker host, as the agent's --host (default: local)
  --user UID:GID             keygen as root: owner of the private key, as the agent's --user (default: 65532:65532)
`;
