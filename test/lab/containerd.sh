#!/usr/bin/env bash
# Starts the lab's containerd and waits until it responds. Does nothing while it runs.
#
#   containerd.sh
#
# It is not a child process of dockerd, so that containerd and the containers keep running when dockerd is killed with -9
# and restarted.
# Needs root and containerd. Undo: engine.sh stop.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"
# shellcheck source=test/lab/daemon.sh
. "$lab_dir/daemon.sh"

daemon_pid "$lab_state/containerd.pid" "$lab_containerd_socket" >/dev/null && exit 0

mkdir -p "$lab_state" "$lab_data"
cat >"$lab_state/containerd.toml" <<TOML
version = 2
# Kubernetes' interface to containerd: it is not used here and needs network plugins.
disabled_plugins = ["io.containerd.grpc.v1.cri"]
TOML

daemon_start "$lab_state/containerd.pid" "$lab_state/containerd.log" containerd \
	--config "$lab_state/containerd.toml" \
	--root "$lab_data/containerd" \
	--state "$lab_state/containerd" \
	--address "$lab_containerd_socket"
daemon_wait 30 "$lab_state/containerd.log" ctr --address "$lab_containerd_socket" version
