#!/usr/bin/env bash
# Builds the base images that the project's Dockerfiles name, in the lab's Engine, without an image registry.
#
#   images.sh            node:26-trixie-slim and nginxinc/nginx-unprivileged:stable
#   images.sh arm64      node-arm64-lab:26, a file source for linux/arm64 (it cannot run on another processor)
#
# An image that was built from the same files is kept. Each image has a single layer, so that no two share an id or a
# parent.
# Needs root, Debian, npm and the running Engine (engine.sh start). Undo: docker image rm NAME.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

engine() {
	docker --host "unix://$lab_docker_socket" "$@"
}

# A checksum of everything that goes into the image, except what the registries serve.
recipe() {
	{
		find "$lab_dir/$1" "$lab_dir/debian.sh" "$lab_dir/load.sh" -type f -print0 | sort -z | xargs -0 cat
		cat /etc/ssl/certs/ca-certificates.crt
		"$lab_dir/node/npmrc.sh"
	} | sha256sum | cut -d' ' -f1
}

# build IMAGE FOLDER ARCHITECTURE: FOLDER holds root.sh, which fills a directory, and the image's config.json. The body
# is a subshell, so that its trap ends with it.
build() (
	image=$1 folder=$2 architecture=$3
	old=$(image_id "$image")
	made=$lab_data/made/$folder-$(recipe "$folder")
	if [[ -n $old && -e $made && $(<"$made") == "$old" ]]; then
		exit
	fi

	echo "lab: building $image" >&2
	mkdir -p "$lab_data/made"
	work=$(mktemp -d "$lab_data/work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	mkdir -m 755 "$work/root"
	"$lab_dir/$folder/root.sh" "$work/root"
	"$lab_dir/load.sh" "$work/root" "$lab_dir/$folder/config.json" "$image" "$architecture" >"$work/id"
	mv "$work/id" "$made"
	# Fails while a container or another image still needs it.
	[[ -z $old ]] || engine image rm "$old" >/dev/null 2>&1 || true
)

image_id() {
	engine image inspect --format '{{.Id}}' "$1" 2>/dev/null || true
}

case ${1:-} in
'')
	here=$(dpkg --print-architecture)
	# apt allows one user at a time: what both builds need comes first.
	"$lab_dir/packages.sh" mmdebstrap=mmdebstrap
	"$lab_dir/mirror.sh" >/dev/null
	build node:26-trixie-slim node "$here" &
	node=$!
	build nginxinc/nginx-unprivileged:stable nginx "$here"
	wait "$node"
	;;
arm64) build node-arm64-lab:26 node-arm64 arm64 ;;
*)
	sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
	exit 64
	;;
esac
