#!/usr/bin/env bash
# Creates an image with one layer from a directory, in the lab's Engine.
#
#   load.sh ROOT CONFIG IMAGE ARCHITECTURE
#
# ROOT is the root file system, CONFIG a file with the image's configuration as JSON. Prints the image's id.
# It writes the archive for `docker load`, because `docker import` cannot set a stop signal and a build would create
# parent images.
# Needs root and the running Engine (engine.sh start). Undo: docker image rm IMAGE.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

root=$1 config=$2 image=$3 architecture=$4

archive=$(mktemp -d "$lab_data/load.XXXXXX")
trap 'rm -rf "$archive"' EXIT

tar -C "$root" --numeric-owner -cf "$archive/layer.tar" .
layer=$(sha256sum "$archive/layer.tar" | cut -d' ' -f1)
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
cat >"$archive/config.json" <<JSON
{
  "architecture": "$architecture",
  "os": "linux",
  "created": "$now",
  "history": [{ "created": "$now", "created_by": "sallyport test/lab" }],
  "config": $(cat "$config"),
  "rootfs": { "type": "layers", "diff_ids": ["sha256:$layer"] }
}
JSON
cat >"$archive/manifest.json" <<JSON
[{ "Config": "config.json", "RepoTags": ["$image"], "Layers": ["layer.tar"] }]
JSON

tar -C "$archive" -c manifest.json config.json layer.tar | docker --host "unix://$lab_docker_socket" load --quiet >&2
docker --host "unix://$lab_docker_socket" image inspect --format '{{.Id}}' "$image"
