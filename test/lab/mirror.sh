#!/usr/bin/env bash
# Prints the URL of the Debian mirror in this machine's apt configuration.
#
#   mirror.sh
#
# The lab downloads packages of Debian 13 from the same mirror and does not change the machine's configuration.
# Needs Debian. There is nothing to undo.
set -euo pipefail

targets() {
	# shellcheck disable=SC2016 # apt-get's own placeholders
	apt-get indextargets --format '$(COMPONENT) $(REPO_URI) $(LABEL)' 'Created-By: Packages'
}

# apt knows the label of a source only after its first update.
targets | grep -q ' Debian$' || apt-get update -q >&2 || true

mirror=$(targets | awk '$1 == "main" && $3 == "Debian" && NF == 3 { print $2; exit }')
if [[ -z $mirror ]]; then
	echo "lab: no Debian mirror among this machine's apt sources" >&2
	exit 1
fi
echo "${mirror%/}"
