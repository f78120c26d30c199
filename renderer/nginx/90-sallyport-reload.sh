#!/bin/sh
# nginx's end of the reload channel: reads the renderer's requests, tests or reloads, and writes nginx's message as answer.
# The image's entrypoint runs it before nginx starts; it continues in the background. Undo: remove the mount of this file.
# With the argument `wait` it stays in the foreground, for a supervisor.
#   $channel/word    FIFO, one request a line: "test TOKEN" or "reload TOKEN"
#   $channel/answer  file: "TOKEN VERB ok" or "TOKEN VERB failed", then nginx's message; "- ready ok" after its start
set -u
channel=${SALLYPORT_CHANNEL:-/run/sallyport/reload}
main_conf=${SALLYPORT_MAIN_CONF:-/etc/nginx/nginx.conf}
live=${SALLYPORT_LIVE:-/etc/nginx/conf.d}
pid_file=${SALLYPORT_PID_FILE:-/tmp/nginx.pid}
scratch=${SALLYPORT_SCRATCH:-/tmp}
# Maximum time for nginx to start new workers, in tenths of a second.
patience=100

# TOKEN VERB OUTCOME MESSAGE: replaces the answer atomically, so that it is never read half-written.
answer() {
	(umask 022 && printf '%s %s %s\n%.4000s\n' "$1" "$2" "$3" "$4" >"$channel/.answer") && mv -f "$channel/.answer" "$channel/answer"
}

# Prints the process ids of nginx's workers that accept connections. The renderer's group can write to the channel but
# not to /proc, so this list can be trusted.
workers() {
	for process in /proc/[0-9]*; do
		{ read -r pid _ _ parent _ <"$process/stat"; } 2>/dev/null || continue
		[ "$parent" = "$master" ] || continue
		read_title "$pid"
		case $title in
		*"is shutting down"*) ;;
		"nginx: worker process"*) printf ' %s ' "$pid" ;;
		esac
	done
}

# PID: sets the process title, empty if the process is gone. The file has no newline, so read returns an error.
read_title() {
	title=
	{ read -r title <"/proc/$1/cmdline"; } 2>/dev/null || :
}

# A stale pid file may name any process, such as the entrypoint's shell.
is_running() {
	{ read -r master <"$pid_file" && kill -0 "$master"; } 2>/dev/null || return 1
	read_title "$master"
	case $title in "nginx: master process"*) ;; *) return 1 ;; esac
}

# Prints what nginx would include if the candidate were live: other files may conflict with it or may be needed by it.
includes() {
	for file in "$live"/*.conf "$candidate"/*.conf; do
		name=${file##*/}
		case $name in *[!A-Za-z0-9._-]*) continue ;; esac
		[ "$file" = "$live/$name" ] && [ -e "$candidate/$name" ] && continue
		printf 'include %s; ' "$file"
	done
}

# Tests the main configuration with the candidate in place of the live file and with relative names made absolute.
run_test() {
	candidate=$live/.sallyport/candidate
	if ! grep -q "^[^#]*include[[:space:]]*$live/\*\.conf;" "$main_conf"; then
		message="$main_conf does not include $live/*.conf"
		return 1
	fi
	sed -e "s#include[[:space:]]*$live/\*\.conf;#$(includes)#" \
		-e "s#^\([[:space:]]*include[[:space:]]*\)\([^/;[:space:]]\)#\1${main_conf%/*}/\2#" "$main_conf" >"$scratch/.sallyport-test.conf"
	message=$(nginx -t -q -c "$scratch/.sallyport-test.conf" 2>&1)
}

# nginx accepts a signal even if it rejects the configuration: only new workers prove that it is live.
run_reload() {
	is_running || { message="nginx is not running" && return 1; }
	before=$(workers)
	message=$(kill -HUP "$master" 2>&1) || return 1
	tenths=0
	while [ "$tenths" -lt "$patience" ]; do
		accepting=$(workers)
		old=no
		for pid in $accepting; do
			case $before in *" $pid "*) old=yes ;; esac
		done
		[ -n "$accepting" ] && [ "$old" = no ] && return 0
		sleep 0.1
		tenths=$((tenths + 1))
	done
	message="nginx kept its old workers; see nginx's log"
	return 1
}

serve() {
	until is_running; do sleep 0.1; done
	rm -f "$channel/word"
	mkfifo -m 0622 "$channel/word" || exit 1
	# Open for reading and writing, so that read waits for a request and never sees the end of the file.
	exec 3<>"$channel/word"
	answer - ready ok ""
	while read -r verb token rest <&3; do
		case $token in "" | *[!0-9a-f]*) verb=unknown ;; esac
		message=
		case $verb in
		test | reload) [ -z "$rest" ] && if "run_$verb"; then answer "$token" "$verb" ok "$message"; else answer "$token" "$verb" failed "$message"; fi ;;
		*) echo "sallyport: ignored a request that is neither test nor reload" >&2 ;;
		esac
	done
}

[ -d "$channel" ] || { echo "sallyport: $channel is missing; mount the reload volume there" >&2 && exit 1; }
rm -f "$channel/word" "$channel/answer"
if [ "${1:-}" = wait ]; then serve </dev/null; else serve </dev/null & fi
