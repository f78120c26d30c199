#!/usr/bin/env bash
# Starts the lab's dockerd and waits until it responds. Does nothing while it runs.
#
#   dockerd.sh
#
# The arguments are always the same: a test that killed dockerd with -9 restarts the same Engine with this script.
# With --live-restore the containers keep running in between.
# Needs root, docker.io, and the bridge and the containerd of engine.sh start. Undo: engine.sh stop.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"
# shellcheck source=test/lab/daemon.sh
. "$lab_dir/daemon.sh"

answers() {
	docker --host "unix://$lab_docker_socket" version
}

if ! daemon_pid "$lab_state/dockerd.pid" "unix://$lab_docker_socket" >/dev/null; then
	# A pid file of a killed dockerd prevents the next start when another process has that pid.
	rm -f "$lab_state/dockerd.lock.pid"
	echo '{}' >"$lab_state/daemon.json"
	daemon_start "$lab_state/dockerd.pid" "$lab_state/dockerd.log" dockerd \
		--config-file "$lab_state/daemon.json" \
		--host "unix://$lab_docker_socket" \
		--containerd "$lab_containerd_socket" \
		--data-root "$lab_data/docker" \
		--exec-root "$lab_state/docker" \
		--pidfile "$lab_state/dockerd.lock.pid" \
		--bridge "$lab_bridge" \
		--default-address-pool base=10.213.0.0/16,size=24 \
		--live-restore
fi
daemon_wait 60 "$lab_state/dockerd.log" answers
