#!/usr/bin/env bash
# Starts the lab's containerd and waits until it answers; does nothing if it runs.
#
#   containerd.sh
#
# It is a process of its own, not a child of dockerd, so that dockerd can be killed with -9 and started again
# while containerd and the containers under it never notice.
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
# Kubernetes' interface to containerd: nothing here speaks it, and it wants network plugins.
disabled_plugins = ["io.containerd.grpc.v1.cri"]
TOML

daemon_start "$lab_state/containerd.pid" "$lab_state/containerd.log" containerd \
	--config "$lab_state/containerd.toml" \
	--root "$lab_data/containerd" \
	--state "$lab_state/containerd" \
	--address "$lab_containerd_socket"
daemon_wait 30 "$lab_state/containerd.log" ctr --address "$lab_containerd_socket" version
