#!/usr/bin/env bash
# Runs the tests that need a real engine with three engines, one after the other, and prints a table.
#
#   matrix.sh            Docker Engine 20.10 (the lab's), Docker Engine 26.1 and Podman 5 (each in a container)
#
# Three suites: the agent, the shipped compose.yml, and the self-contained image.
# Exits with 1 when a test fails or an engine does not start. Needs root, Debian 12 or newer, npm ci, and the lab's Engine
# (engine.sh start, images.sh, compose.sh). Stops what it started and keeps images and cache (see README.md).
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

# Seconds until an engine in a container must respond.
START_LIMIT_S=60

# Seconds for a suite.
SUITE_LIMIT_S=300

# Images that the suites need. The lab's Engine has them after its own run.
IMAGES=(sallyport-agent sallyport-renderer sallyport-audit sallyport sallyport-demo-app node:26-trixie-slim
	nginxinc/nginx-unprivileged:stable)

work=$(mktemp -d)
# The agent drops root before it connects.
chmod 755 "$work"
declare -a rows=()
failed=no

outer() {
	docker --host "unix://$lab_docker_socket" "$@"
}

finish() {
	outer rm --force --volumes lab-inner >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap finish EXIT

# IMAGE PACKAGE...: creates an image of Debian 13 with these packages, if it is missing.
build_image() {
	local image=$1
	shift
	outer image inspect "$image" >/dev/null 2>&1 && return
	echo "lab: building $image" >&2
	outer import "$("$lab_dir/debian.sh" "$@")" "$image" >/dev/null
}

# IMAGE COMMAND: starts an engine in a container of the lab's Engine, with its socket at $work/run/docker.sock. Sources and
# socket have the same paths inside, so that compose can mount them. The shell keeps running: its network namespace is
# the container's, unlike that of Podman's threads.
start_inner() {
	outer rm --force --volumes lab-inner >/dev/null 2>&1 || true
	rm -rf "$work/run"
	# Includes temporary files of tests, which are mounted into containers.
	mkdir -p "$work/run/tmp"
	outer run --detach --name lab-inner \
		--cap-add ALL --cap-drop SYS_RESOURCE \
		--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
		--volume /sys/fs/cgroup:/sys/fs/cgroup:rw --volume /var/lib/docker --volume /var/lib/containers \
		--volume "$work/run:$work/run" --volume "$PWD:$PWD:ro" \
		"$1" sh -c "mount -o remount,rw /sys; $2 unix://$work/run/docker.sock & wait" >/dev/null
	local waited=0
	until DOCKER_HOST="unix://$work/run/docker.sock" docker version >/dev/null 2>&1; do
		if ((++waited > START_LIMIT_S)); then
			outer logs --tail 20 lab-inner >&2
			return 1
		fi
		sleep 1
	done
	# Podman creates it for root alone, and the group inside has another id.
	chgrp docker "$work/run/docker.sock"
	chmod 660 "$work/run/docker.sock"
	# The engine in the container reaches no registry.
	outer save "${IMAGES[@]}" | docker --host "unix://$work/run/docker.sock" load >/dev/null
}

# NAME SOCKET [COMMAND...]: runs the suites with this engine, the last two through COMMAND, and adds a row for each.
run_tests() {
	local name=$1 version api
	export DOCKER_HOST="unix://$2" DOCKER_SOCKET="$2"
	shift 2
	version=$(docker version --format '{{.Server.Version}}')
	api=$(docker version --format '{{.Server.APIVersion}}')
	echo "lab: $name $version, API $api" >&2
	run_suite "$name | $version | $api | agent" test/e2e/engine.test.ts test/e2e/canary.test.ts
	run_suite "$name | $version | $api | routing" test/e2e/routing.test.ts "$@"
	run_suite "$name | $version | $api | self-contained" test/e2e/self-contained.test.ts "$@"
}

# COLUMNS FILE... [COMMAND...]: runs the test files, through COMMAND if given.
run_suite() {
	local columns=$1 passed failures
	local -a files=()
	shift
	while [[ ${1:-} == *.test.ts ]]; do
		files+=("$1")
		shift
	done
	SALLYPORT_REQUIRE_DOCKER=1 timeout "$SUITE_LIMIT_S" "$@" node --import tsx --test --test-concurrency=1 "${files[@]}" \
		>"$work/log" 2>&1 || failed=yes
	passed=$(awk '$2 == "pass" && NF == 3 { print $3 }' "$work/log")
	failures=$(awk '$2 == "fail" && NF == 3 { print $3 }' "$work/log")
	[[ $failures == 0 && $passed != 0 ]] || { failed=yes && cat "$work/log" >&2; }
	rows+=("| $columns | ${passed:-0} | ${failures:-all} |")
}

# NAME IMAGE COMMAND PACKAGE...
try() {
	local name=$1 image=$2 command=$3
	shift 3
	build_image "$image" "$@"
	if start_inner "$image" "$command"; then
		local -a enter=(nsenter --net --target "$(outer inspect --format '{{.State.Pid}}' lab-inner)")
		TMPDIR=$work/run/tmp SALLYPORT_IMAGES=given run_tests "$name" "$work/run/docker.sock" "${enter[@]}"
	else
		failed=yes
		rows+=("| $name | did not start | | | | |")
	fi
}

cd "$lab_dir/../.."
run_tests "Docker Engine" "$lab_docker_socket"
try "Docker Engine" lab-engine:13 "dockerd --host" ca-certificates docker.io docker-cli iptables
try "Podman" lab-podman:13 "podman --runtime runc --cgroup-manager cgroupfs system service --time=0" \
	aardvark-dns ca-certificates fuse-overlayfs iptables netavark nftables podman runc

echo "| engine | version | API | suite | passed | failed |"
echo "| ------ | ------- | --- | ----- | ------ | ------ |"
printf '%s\n' "${rows[@]}"
[[ $failed == no ]]
