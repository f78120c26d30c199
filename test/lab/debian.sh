#!/usr/bin/env bash
# Prints the path of a tar file with a minimal Debian 13 and some packages. The first call creates it (about 20 s).
#
#   debian.sh PACKAGE...
#
# The tar file is cached under the names of its packages and is moved there when it is complete.
# Needs root and Debian. Installs mmdebstrap, which takes half the time of debootstrap. Undo: remove the cache directory
# named in README.md.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

packages=$(IFS=, && echo "$*")
tarball=$lab_cache/trixie-$(dpkg --print-architecture)-${packages//,/+}.tar

if [[ ! -e $tarball ]]; then
	"$lab_dir/packages.sh" mmdebstrap=mmdebstrap
	mirror=$("$lab_dir/mirror.sh")
	mkdir -p "$lab_cache"
	work=$(mktemp -d "$lab_cache/.work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	if ! mmdebstrap --mode=root --variant=minbase --include="$packages" trixie "$work/root" "$mirror" >"$work/log" 2>&1; then
		tail -n 40 "$work/log" >&2
		exit 1
	fi
	# Docker creates /dev and /proc itself; containers never read the other directories.
	tar -C "$work/root" --numeric-owner \
		--exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
		--exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' \
		--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
		-cf "$work/tar" .
	mv "$work/tar" "$tarball"
fi
echo "$tarball"
