#!/usr/bin/env bash
# Starts the lab's dockerd and waits until it answers; does nothing if it runs.
#
#   dockerd.sh
#
# Always with the same arguments: a test that killed dockerd with -9 runs this to get the same Engine back.
# With --live-restore the containers go on meanwhile.
# Needs root, docker.io, and what engine.sh start made before (the bridge, containerd). Undo: engine.sh stop.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"
# shellcheck source=test/lab/daemon.sh
. "$lab_dir/daemon.sh"

answers() {
	docker --host "unix://$lab_docker_socket" version
}

if ! daemon_pid "$lab_state/dockerd.pid" "unix://$lab_docker_socket" >/dev/null; then
	# What a killed dockerd left would keep the next one from starting once its pid is in use again.
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
