#!/usr/bin/env bash
# Runs the agent's tests before a real engine against three of them, one after the other, and prints a table.
#
#   matrix.sh            Docker Engine 20.10 (the lab's own), Docker Engine 26.1 and Podman 5 (each in a container of it)
#
# Exits 1 when a test fails or an engine does not come up. Needs root, Debian 12 or newer, npm ci, and the lab's Engine
# (engine.sh start). Ends what it started; images and the cache stay (see README.md).
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

# Seconds for an engine in a container to answer.
PATIENCE=60

work=$(mktemp -d)
# The agent gives up root before it connects.
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

# IMAGE PACKAGE...: a Debian 13 with these packages, made once.
make_image() {
	local image=$1
	shift
	outer image inspect "$image" >/dev/null 2>&1 && return
	echo "lab: making $image" >&2
	outer import "$("$lab_dir/debian.sh" "$@")" "$image" >/dev/null
}

# IMAGE COMMAND: an engine in a container of the lab's Engine, its socket at $work/run/docker.sock.
start_inner() {
	outer rm --force --volumes lab-inner >/dev/null 2>&1 || true
	rm -rf "$work/run"
	mkdir -p "$work/run"
	outer run --detach --name lab-inner \
		--cap-add ALL --cap-drop SYS_RESOURCE \
		--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
		--volume /sys/fs/cgroup:/sys/fs/cgroup:rw --volume /var/lib/docker --volume /var/lib/containers \
		--volume "$work/run:/run/lab" \
		"$1" sh -c "mount -o remount,rw /sys; $2" >/dev/null
	local waited=0
	until DOCKER_HOST="unix://$work/run/docker.sock" docker version >/dev/null 2>&1; do
		if ((++waited > PATIENCE)); then
			outer logs --tail 20 lab-inner >&2
			return 1
		fi
		sleep 1
	done
	# Podman makes it for root alone.
	chmod 666 "$work/run/docker.sock"
}

# NAME SOCKET: runs the tests before it and notes a row of the table.
run_tests() {
	local name=$1 version api passed failures
	export DOCKER_HOST="unix://$2"
	version=$(docker version --format '{{.Server.Version}}')
	api=$(docker version --format '{{.Server.APIVersion}}')
	echo "lab: $name $version, API $api" >&2
	SALLYPORT_REQUIRE_DOCKER=1 timeout 300 node --import tsx --test --test-concurrency=1 \
		test/e2e/engine.test.ts test/e2e/canary.test.ts >"$work/log" 2>&1 || failed=yes
	passed=$(awk '$2 == "pass" && NF == 3 { print $3 }' "$work/log")
	failures=$(awk '$2 == "fail" && NF == 3 { print $3 }' "$work/log")
	[[ $failures == 0 && $passed != 0 ]] || { failed=yes && cat "$work/log" >&2; }
	rows+=("| $name | $version | $api | $passed | $failures |")
}

# NAME IMAGE COMMAND PACKAGE...
try() {
	local name=$1 image=$2 command=$3
	shift 3
	make_image "$image" "$@"
	if start_inner "$image" "$command"; then
		run_tests "$name" "$work/run/docker.sock"
	else
		failed=yes
		rows+=("| $name | did not start | | | |")
	fi
}

cd "$lab_dir/../.."
run_tests "Docker Engine" "$lab_docker_socket"
try "Docker Engine" lab-engine:13 "exec dockerd --host unix:///run/lab/docker.sock" ca-certificates docker.io docker-cli iptables
try "Podman" lab-podman:13 "exec podman --runtime runc --cgroup-manager cgroupfs system service --time=0 unix:///run/lab/docker.sock" \
	aardvark-dns ca-certificates fuse-overlayfs iptables netavark nftables podman runc

echo "| engine | version | API | passed | failed |"
echo "| ------ | ------- | --- | ------ | ------ |"
printf '%s\n' "${rows[@]}"
[[ $failed == no ]]
