#!/usr/bin/env bash
# The lab's Docker Engine. It has its own sockets, images, containers and address ranges.
#
#   engine.sh start     installs missing packages, starts containerd and dockerd; does nothing while they run
#   engine.sh env       prints exports with which docker, compose and the tests use this Engine
#   engine.sh stop      removes its containers and stops its daemons; keeps the images
#   engine.sh status    exits with 0 if it runs and responds
#
# Needs root and Debian. Undo: engine.sh stop, then remove the directories named in README.md.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"
# shellcheck source=test/lab/daemon.sh
. "$lab_dir/daemon.sh"

engine() {
	docker --host "unix://$lab_docker_socket" "$@"
}

start() {
	"$lab_dir/packages.sh" dockerd=docker.io iptables=iptables ip=iproute2 pgrep=procps
	if ! engine version >/dev/null 2>&1; then
		reject_second_engine
	fi
	mkdir -p "$lab_state" "$lab_data"
	if ! ip link show "$lab_bridge" >/dev/null 2>&1; then
		ip link add "$lab_bridge" type bridge
		ip address add "$lab_bridge_address" dev "$lab_bridge"
		ip link set "$lab_bridge" up
	fi
	"$lab_dir/containerd.sh"
	"$lab_dir/dockerd.sh"
	engine version --format 'lab: Engine {{.Server.Version}}, API {{.Server.APIVersion}}' >&2
}

# A starting dockerd replaces Docker's packet filter chains and so disconnects the published ports of any other Engine in
# the same network namespace. SALLYPORT_LAB_BESIDE=1 allows that.
reject_second_engine() {
	local pid arguments
	[[ ${SALLYPORT_LAB_BESIDE:-} != 1 ]] || return 0
	for pid in $(pgrep -x dockerd); do
		arguments=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null) || continue
		# An ended process has no arguments, the lab's dockerd may be starting, and without iptables there is no conflict.
		if [[ -z $arguments || $arguments == *"unix://$lab_docker_socket"* || $arguments == *--iptables=false* ]]; then
			continue
		fi
		if [[ $(readlink "/proc/$pid/ns/net") == "$(readlink /proc/self/ns/net)" ]]; then
			echo "lab: another Engine runs (pid $pid); its published ports would stop answering. See test/lab/README.md" >&2
			exit 1
		fi
	done
}

print_env() {
	cat <<ENV
export DOCKER_HOST=unix://$lab_docker_socket
export DOCKER_SOCKET=$lab_docker_socket
export NODE_IMAGE=node:26-trixie-slim
export NGINX_IMAGE=nginxinc/nginx-unprivileged:stable
export SALLYPORT_NGINX_IMAGE=nginxinc/nginx-unprivileged:stable
export SALLYPORT_LAB_STATE=$lab_state
export SALLYPORT_LAB_DOCKERD=$lab_dir/dockerd.sh
ENV
}

stop() {
	if [[ -e $lab_state/containerd.pid || -e $lab_state/dockerd.pid ]]; then
		# Containers keep running without a daemon. Only a running daemon can remove them properly.
		if "$lab_dir/containerd.sh" && "$lab_dir/dockerd.sh"; then
			engine ps --all --quiet | xargs --no-run-if-empty docker --host "unix://$lab_docker_socket" rm --force --volumes >/dev/null
			engine network prune --force >/dev/null
		fi
	fi
	daemon_end "$lab_state/dockerd.pid" "unix://$lab_docker_socket"
	daemon_end "$lab_state/containerd.pid" "$lab_containerd_socket"
	end_shims
	unmount_leftovers
	if ip link show "$lab_bridge" >/dev/null 2>&1; then
		ip link delete "$lab_bridge"
	fi
	rm -rf "$lab_docker_socket" "$lab_containerd_socket" "$lab_containerd_socket.ttrpc"
}

# Kills what dockerd could not stop: the parent process of each container has the containerd socket as an argument.
end_shims() {
	local cmdline
	for cmdline in /proc/[0-9]*/cmdline; do
		if tr '\0' '\n' <"$cmdline" 2>/dev/null | grep -qxF -- "$lab_containerd_socket"; then
			kill -KILL "$(basename "$(dirname "$cmdline")")" 2>/dev/null || true
		fi
	done
}

# Unmounts everything under the lab's directories, the innermost first, so that they can be removed.
unmount_leftovers() {
	awk -v state="$lab_state/" -v data="$lab_data/" 'index($5, state) == 1 || index($5, data) == 1 { print $5 }' \
		/proc/self/mountinfo | sort -r | xargs --no-run-if-empty umount
}

case ${1:-} in
start) start ;;
stop) stop ;;
env) print_env ;;
status) engine version >/dev/null 2>&1 ;;
*)
	sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
	exit 64
	;;
esac
