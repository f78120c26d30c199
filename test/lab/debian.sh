#!/usr/bin/env bash
# Prints the path of a tar file with a minimal Debian 13 plus some packages, making it on the first call (about 30 s).
#
#   debian.sh PACKAGE...
#
# The tar file is kept in the lab's cache under the names of its packages. It appears there whole or not at all.
# Needs root and Debian; installs debootstrap. Undo: remove the cache directory named in README.md.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

packages=$(IFS=, && echo "$*")
tarball=$lab_cache/trixie-$(dpkg --print-architecture)-${packages//,/+}.tar

if [[ ! -e $tarball ]]; then
	"$lab_dir/packages.sh" debootstrap=debootstrap
	mirror=$("$lab_dir/mirror.sh")
	mkdir -p "$lab_cache"
	work=$(mktemp -d "$lab_cache/.work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	if ! debootstrap --variant=minbase --include="$packages" trixie "$work/root" "$mirror" >"$work/log" 2>&1; then
		tail -n 20 "$work/log" "$work/root/debootstrap/debootstrap.log" >&2 || true
		exit 1
	fi
	# Docker makes /dev and /proc itself; the rest is never read in a container.
	tar -C "$work/root" --numeric-owner \
		--exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
		--exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' \
		--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
		-cf "$work/tar" .
	mv "$work/tar" "$tarball"
fi
echo "$tarball"
