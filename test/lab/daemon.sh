# shellcheck shell=bash
# Sourced, never run: starts, finds and stops one background daemon by its pid file.
# Needs bash and /proc. `daemon_end` undoes `daemon_start`.

# daemon_pid PIDFILE MARK: prints the pid if that process runs and MARK is one of its arguments.
# The mark, a socket path of the lab, rules out a reused pid and any other daemon.
daemon_pid() {
	local pid
	pid=$(cat "$1" 2>/dev/null) || return 1
	[[ $pid =~ ^[0-9]+$ ]] || return 1
	tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "$2" || return 1
	echo "$pid"
}

# daemon_start PIDFILE LOG COMMAND...: runs COMMAND in its own session, so that it outlives the calling shell, and
# without the caller's open files, so that a lock of the caller (flock) ends with the caller.
daemon_start() {
	local pidfile=$1 log=$2
	shift 2
	# The inner shell writes its own pid and then becomes COMMAND, whether or not setsid had to fork.
	# shellcheck disable=SC2016 # expanded by that shell
	setsid bash -c 'for file in /proc/$$/fd/*; do
			((${file##*/} < 3)) || eval "exec ${file##*/}>&-"
		done
		echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"' "$pidfile" "$@" </dev/null >>"$log" 2>&1 &
}

# daemon_wait SECONDS LOG COMMAND...: waits until COMMAND succeeds; on time-out prints the end of the log and fails.
daemon_wait() {
	local deadline=$((SECONDS + $1)) log=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= deadline)); then
			echo "lab: gave up waiting for: $*" >&2
			tail -n 20 "$log" >&2 || true
			return 1
		fi
		sleep 0.1
	done
}

# daemon_end PIDFILE MARK: sends SIGTERM, after 20 s SIGKILL, and returns when the process is gone.
daemon_end() {
	local pid deadline=$((SECONDS + 20))
	if pid=$(daemon_pid "$1" "$2"); then
		kill -TERM "$pid" 2>/dev/null || true
		while daemon_pid "$1" "$2" >/dev/null; do
			((SECONDS < deadline)) || kill -KILL "$pid" 2>/dev/null || true
			sleep 0.1
		done
	fi
	rm -f "$1"
}
