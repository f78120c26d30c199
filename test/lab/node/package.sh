#!/usr/bin/env bash
# Unpacks the newest version of an npm package in a range, without running its scripts.
#
#   node/package.sh NAME@RANGE DIRECTORY
#
# Needs npm. Undo: remove DIRECTORY.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# In an empty directory, so that no project's npm settings apply.
(cd "$work" && npm pack --silent "$1" >/dev/null)
mkdir -p "$2"
tar -C "$2" --strip-components=1 --no-same-owner -xzf "$work"/*.tgz
