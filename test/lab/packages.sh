#!/usr/bin/env bash
# Installs the Debian packages whose programs are missing. Without missing programs it needs no network.
#
#   packages.sh PROGRAM=PACKAGE...      e.g. packages.sh dockerd=docker.io; instead of a program an absolute path
#
# Needs root and Debian 12 or newer. No service is started by the installation. Undo: apt-get remove PACKAGE...
set -euo pipefail

# System programs, which the PATH of other users may lack.
PATH=$PATH:/usr/sbin:/sbin

missing=()
for pair in "$@"; do
	[[ -e ${pair%%=*} ]] || command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
((${#missing[@]})) || exit 0

# Debian runs this file before it starts a service during installation: exit code 101 forbids it.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

install_missing() {
	# A failed update is not fatal: a source without these packages may be unavailable.
	apt-get update -q || true
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

for pause in 2 10 30 give-up; do
	if install_missing >&2; then
		exit 0
	fi
	[[ $pause == give-up ]] || sleep "$pause"
done
echo "lab: cannot install ${missing[*]}" >&2
exit 1
