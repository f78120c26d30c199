#!/bin/bash
# First process of the self-contained image: starts and supervises agent, renderer and nginx, each as its own user.
#
# It runs as root to prepare directories and users, and reads no data of containers or clients. If nginx exits, the
# container exits. If agent or renderer exits, it is restarted while nginx keeps serving. SIGTERM and SIGINT stop
# everything; SIGQUIT lets nginx finish its requests first; SIGHUP makes the renderer read its files again and reloads nginx.
#   SALLYPORT_NGINX=separate    nginx runs in another container, found by its label and reloaded through the channel
#   start.sh COMMAND…           runs the command instead
set -u
umask 022

# User ids, the same as in the separate images.
agent=65532 renderer=65533 nginx=101
run=/run/sallyport
conf=/etc/nginx/conf.d
# Maximum delay before a restart in seconds. The delay starts at one, doubles, and is reset after a minute of work.
max_delay=30
EX_CONFIG=78
ending="" is_ready=""

log() {
	echo "sallyport: $*" >&2
}

fail() {
	log "$*"
	exit "$EX_CONFIG"
}

# Sets the socket's path. Other kinds of DOCKER_HOST are not supported.
find_socket() {
	local host=${DOCKER_HOST:-unix:///tmp/docker.sock}
	case $host in
	unix:///*) socket=${host#unix://} ;;
	*) fail "DOCKER_HOST is \"${host:0:64}\": only unix:///PATH is supported; mount the Docker socket at PATH" ;;
	esac
	[ -S "$socket" ] || fail "$socket is not a socket; mount the Docker socket there (-v /var/run/docker.sock:$socket:ro)"
	local group
	group=$(stat -L -c %g "$socket")
	# A group with the id of one of these processes would give that process access to the socket.
	nginx_group=101
	[ "$group" != 101 ] || nginx_group=65531
	case $(stat -L -c %u "$socket") in 101 | 65533) fail "the owner of the Docker socket has the user id of nginx or the renderer; change the owner" ;; esac
	case $group in 65531 | 65532 | 65533) fail "the group of the Docker socket has the reserved id $group; change the group" ;; esac
	if as "$nginx" "$nginx_group" test -w "$socket"; then
		log "WARNING: every user may write to $socket, also nginx; restrict it to its group (chmod 0660)"
	fi
}

# USER GROUP COMMAND…: runs it with this one group, without capabilities, and with no way to gain privileges.
as() {
	local user=$1 group=$2
	shift 2
	setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs "$@"
}

# USER:GROUP MODE DIRECTORY: sets the mode while root owns it, because root may lack CAP_FOWNER. No-op if already set.
give() {
	mkdir -p "$3"
	[ "$(stat -c %u:%g:0%a "$3")" = "$1:$2" ] || { chown 0:0 "$3" && chmod "$2" "$3" && chown "$1" "$3"; } ||
		fail "cannot change the owner of $3 to user ${1%:*}; mount it writable"
}

# Prepares the directories that one process writes and another one reads.
lay_out() {
	give 0:0 0755 "$run"
	give 0:0 0755 "$run/certificates"
	give "$agent:$agent" 02710 "$run/agent"
	give "$agent:$agent" 0750 /var/lib/sallyport/audit
	give "$renderer:$renderer" 0750 "$run/renderer"
	give "$nginx:$renderer" 0750 "$run/reload"
	give "$nginx:$nginx" 0700 /var/cache/nginx
	# nginx-proxy's logs belong to root. Change them before the directory belongs to nginx, not after.
	[ "$(stat -c %u /var/log/nginx)" = "$nginx" ] || chown -h "$nginx:$nginx" /var/log/nginx/* 2>/dev/null
	give "$nginx:$nginx" 0755 /var/log/nginx
	give "$renderer:$renderer" 0755 "$conf"
	: >/run/nginx.pid && chown "$nginx" /run/nginx.pid
	echo "$nginx_group" >"$run/nginx-group"
}

# Creates the renderer's configuration from the environment unless the operator mounted one: then the file exists although
# none was created.
configure() {
	local configuration=$run/renderer.yml marker=$run/renderer.yml-is-made args=(import nginx-proxy)
	[ -z "$is_separate" ] || args+=(--separate)
	if [ -e "$configuration" ] && [ ! -e "$marker" ]; then
		log "using the mounted configuration"
	else
		: >"$marker"
		sallyport-renderer "${args[@]}" >"$configuration"
		# 1: some settings were ignored and reported.
		[ $? -le 1 ] || exit "$EX_CONFIG"
	fi
	sallyport-renderer "${args[@]}" --policy >"$run/policy.json" || exit "$EX_CONFIG"
}

# An existing file may come from nginx-proxy or name files that no longer exist. Replaces it so that nginx can start. The
# directory belongs to the renderer, so files in it are changed as the renderer.
repair_live() {
	local message live=$conf/default.conf
	[ -e "$live" ] || return 0
	message=$(nginx -t -q 2>&1) && return 0
	message=${message##*"[emerg] "}
	message=${message%%$'\n'*}
	case $message in
	*duplicate* | *" in $live:"*) ;;
	# A file of the operator is invalid; nginx reports it.
	*" in $conf/"* | *" in /etc/nginx/toplevel.conf.d/"*) return 0 ;;
	esac
	if in_conf cp -f "$conf/.sallyport/last-good/default.conf" "$live" 2>/dev/null && nginx -t -q 2>/dev/null; then
		log "default.conf was rejected; restored the last valid one: $message"
		return 0
	fi
	log "default.conf was rejected and removed: $message"
	in_conf rm -f "$live"
}

in_conf() {
	as "$renderer" "$renderer" "$@"
}

declare -A process_of=() pause=() since=()

# PROCESS: starts it in the background.
start() {
	case $1 in
	agent)
		local policy=$run/policy.json
		[ -f /etc/sallyport/policy.json ] && policy=/etc/sallyport/policy.json
		sallyport-agent serve --docker-socket "$socket" --policy "$policy" --exit-when-refused &
		;;
	renderer) env -i "PATH=$PATH" sallyport-renderer run & ;;
	certificates) /opt/sallyport/certificates.sh follow "$nginx_group" & ;;
	reload) /opt/sallyport/as-nginx SALLYPORT_CHANNEL="$run/reload" SALLYPORT_PID_FILE=/run/nginx.pid \
		"SALLYPORT_DIRECTIVES=${SALLYPORT_DIRECTIVES:-}" "SALLYPORT_PATHS=${SALLYPORT_PATHS:-}" /opt/sallyport/reload.sh wait & ;;
	nginx)
		local args=()
		# A main configuration written for nginx-proxy may set it, and nginx rejects a second one.
		grep -q '^[[:space:]]*daemon[[:space:]]' /etc/nginx/nginx.conf || args=(-g "daemon off;")
		/opt/sallyport/as-nginx /opt/sallyport/nginx "${args[@]}" &
		;;
	announcement) announce & ;;
	esac
	process_of[$!]=$1
	since[$1]=$SECONDS
}

# Waits for the renderer's first file, which has no routes. Returns if a process exits: its exit code may stop everything.
wait_for_configuration() {
	local tenths pid
	for ((tenths = 0; tenths < 100; tenths++)); do
		if [ -e "$conf/default.conf" ] || [ -n "$ending" ]; then return; fi
		for pid in "${!process_of[@]}"; do kill -0 "$pid" 2>/dev/null || return; done
		sleep 0.1
	done
}

# Prints docker-gen's message, which scripts wait for, once nginx serves what Docker runs.
announce() {
	local state="" tenths=3
	until [[ $state == *'"docker":"connected"'* && $state == *'"pending":false'* && $state == *'"sha256"'* ]]; do
		sleep "$((tenths / 10)).$((tenths % 10))"
		# Polls less often over time: each poll starts a process.
		tenths=$((tenths < 50 ? tenths + 2 : tenths))
		state=$(sallyport-renderer status --json 2>/dev/null | tr -d '[:space:]')
	done
	echo "Watching docker events"
}

# PROCESS CODE: restarts it after a delay.
restart_later() {
	local wait=${pause[$1]:-1}
	((SECONDS - since[$1] < 60)) || wait=1
	log "$1 exited with code $2; restarting in $wait s, nginx keeps serving"
	pause[$1]=$((wait * 2 < max_delay ? wait * 2 : max_delay))
	sleep "$wait" &
	process_of[$!]=again:$1
}

# SIGNAL for nginx: stops everything.
stop() {
	local pid nginx_pid=
	trap '' TERM INT QUIT HUP
	for pid in "${!process_of[@]}"; do
		if [ "${process_of[$pid]}" = nginx ]; then nginx_pid=$pid; else kill -TERM "$pid" 2>/dev/null; fi
	done
	if [ -n "$nginx_pid" ]; then
		kill "-$1" "$nginx_pid" 2>/dev/null
		wait "$nginx_pid"
	fi
	wait
}

# Makes the renderer read its files again, and nginx everything that is not generated.
reload_all() {
	local pid
	for pid in "${!process_of[@]}"; do
		case ${process_of[$pid]} in renderer | nginx) kill -HUP "$pid" ;; esac
	done
}

supervise() {
	local pid code part
	while :; do
		wait -n -p pid
		code=$?
		[ -z "$ending" ] || { stop "$ending"; exit 0; }
		[ -n "${pid:-}" ] || continue
		part=${process_of[$pid]:-}
		unset "process_of[$pid]"
		case $part in
		nginx) log "nginx exited with code $code"; stop TERM; exit $((code == 0 ? 1 : code)) ;;
		announcement) is_ready=yes ;;
		again:*) start "${part#again:}" ;;
		?*)
			if [ "$code" = "$EX_CONFIG" ] && [ -z "$is_ready" ]; then stop TERM; exit "$EX_CONFIG"; fi
			restart_later "$part" "$code"
			;;
		esac
	done
}

case ${1:-} in
"" | forego) ;;
*) exec "$@" ;;
esac
case ${SALLYPORT_NGINX:-here} in
here) is_separate="" ;;
separate) is_separate=yes ;;
*) fail "SALLYPORT_NGINX is \"${SALLYPORT_NGINX:0:64}\": must be here or separate" ;;
esac
# The background process wakes up supervise even if the signal arrives just before it waits.
trap 'ending=TERM; : &' TERM INT
trap 'ending=QUIT; : &' QUIT
trap reload_all HUP
ulimit -c 0

[ "$(id -u)" = 0 ] || fail "the container must be started as root, to run each process as its own user"
find_socket
lay_out
configure
/opt/sallyport/certificates.sh once "$nginx_group"
[ -n "$is_separate" ] || repair_live
for part in agent renderer certificates announcement; do start "$part"; done
if [ -z "$is_separate" ]; then
	wait_for_configuration
	for part in reload nginx; do start "$part"; done
fi
supervise
