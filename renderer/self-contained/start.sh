#!/bin/bash
# First process of the self-contained image: starts agent, renderer and nginx, each as its own user, and keeps them.
#
# It is root to give each of them what it needs, and reads nothing that containers or clients say. nginx ends: the
# container ends. Agent or renderer ends: started again, while nginx serves what it has. SIGTERM and SIGINT end all,
# SIGQUIT lets nginx finish its requests, SIGHUP has files looked at and nginx reload.
#   SALLYPORT_NGINX=separate    nginx is another container, known by its label and told through the reload channel
#   start.sh COMMAND…           runs that instead
set -u
umask 022

# User ids, those of the separate images.
agent=65532 renderer=65533 nginx=101
run=/run/sallyport
conf=/etc/nginx/conf.d
# Seconds between the end of a part and its next start: doubled each time, back to one after a minute of work.
longest_pause=30
EX_CONFIG=78
ending="" is_ready=""

say() {
	echo "sallyport: $*" >&2
}

refuse() {
	say "$*"
	exit "$EX_CONFIG"
}

# The socket's path; Docker is reached in no other way.
find_socket() {
	local host=${DOCKER_HOST:-unix:///tmp/docker.sock}
	case $host in
	unix:///*) socket=${host#unix://} ;;
	*) refuse "DOCKER_HOST is ${host:0:64}: only unix:///PATH is possible, with Docker's socket mounted at PATH" ;;
	esac
	[ -S "$socket" ] || refuse "$socket is no socket: mount Docker's socket there (-v /var/run/docker.sock:$socket:ro)"
	local group
	group=$(stat -L -c %g "$socket")
	# A group that happens to have the number of one of ours would open the socket to that process.
	nginx_group=101
	[ "$group" != 101 ] || nginx_group=65531
	case $(stat -L -c %u "$socket") in 101 | 65533) refuse "the Docker socket's owner has the number of nginx or the renderer: give it another" ;; esac
	case $group in 65531 | 65532 | 65533) refuse "the Docker socket's group is $group, which is taken: give it another" ;; esac
	if as "$nginx" "$nginx_group" test -w "$socket"; then
		say "WARNING: $socket may be written by everybody: nginx could use it, too. Close it to all but its group (chmod 0660)"
	fi
}

# USER GROUP COMMAND…: without any capability, and without a way to more. Of nothing but the given group.
as() {
	local user=$1 group=$2
	shift 2
	setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs "$@"
}

# USER:GROUP MODE DIRECTORY: the mode while it is root's, for root may lack CAP_FOWNER, and not if all is so already.
give() {
	mkdir -p "$3"
	[ "$(stat -c %u:%g:0%a "$3")" = "$1:$2" ] || { chown 0:0 "$3" && chmod "$2" "$3" && chown "$1" "$3"; } ||
		refuse "$3 cannot be given to user ${1%:*}: mount it writable"
}

# Directories that one process writes and another one reads.
lay_out() {
	give 0:0 0755 "$run"
	give 0:0 0755 "$run/certificates"
	give "$agent:$agent" 02710 "$run/agent"
	give "$agent:$agent" 0700 /var/lib/sallyport/audit
	give "$renderer:$renderer" 0750 "$run/renderer"
	give "$nginx:$renderer" 0750 "$run/reload"
	give "$nginx:$nginx" 0700 /var/cache/nginx
	# Logs of nginx-proxy's are root's. Once the directory is nginx's, what lies there is no longer root's to give.
	[ "$(stat -c %u /var/log/nginx)" = "$nginx" ] || chown -h "$nginx:$nginx" /var/log/nginx/* 2>/dev/null
	give "$nginx:$nginx" 0755 /var/log/nginx
	give "$renderer:$renderer" 0755 "$conf"
	: >/run/nginx.pid && chown "$nginx" /run/nginx.pid
	echo "$nginx_group" >"$run/nginx-group"
}

# Of the environment, unless there is one of the operator's: mounted, so it is there although none was made yet.
configure() {
	local configuration=$run/renderer.yml is_made=$run/renderer.yml-is-made words=(import nginx-proxy)
	[ -z "$is_separate" ] || words+=(--separate)
	if [ -e "$configuration" ] && [ ! -e "$is_made" ]; then
		say "the configuration is the mounted one"
	else
		: >"$is_made"
		sallyport-renderer "${words[@]}" >"$configuration"
		# 1: something was left out, and said.
		[ $? -le 1 ] || exit "$EX_CONFIG"
	fi
	sallyport-renderer "${words[@]}" --policy >"$run/policy.json" || exit "$EX_CONFIG"
}

# What is there from before may be nginx-proxy's, or name files that are gone: nginx must start all the same. The
# directory is the renderer's, so what is done in it is done as the renderer.
mend_live() {
	local message live=$conf/default.conf
	[ -e "$live" ] || return 0
	message=$(nginx -t -q 2>&1) && return 0
	message=${message##*"[emerg] "}
	message=${message%%$'\n'*}
	case $message in
	*duplicate* | *" in $live:"*) ;;
	# A file of the operator's is at fault, and nginx will say so.
	*" in $conf/"* | *" in /etc/nginx/toplevel.conf.d/"*) return 0 ;;
	esac
	if in_conf cp -f "$conf/.sallyport/last-good/default.conf" "$live" 2>/dev/null && nginx -t -q 2>/dev/null; then
		say "default.conf was refused, the last good one is used: $message"
		return 0
	fi
	say "default.conf was refused, and is begun anew: $message"
	in_conf rm -f "$live"
}

in_conf() {
	as "$renderer" "$renderer" "$@"
}

declare -A part_of=() pause=() since=()

# PART: starts it in the background.
start() {
	case $1 in
	agent)
		local policy=$run/policy.json
		[ -f /etc/sallyport/policy.json ] && policy=/etc/sallyport/policy.json
		sallyport-agent serve --docker-socket "$socket" --policy "$policy" --exit-when-refused &
		;;
	renderer) env -i "PATH=$PATH" sallyport-renderer run & ;;
	certificates) /opt/sallyport/certificates.sh follow "$nginx_group" & ;;
	reload) /opt/sallyport/as-nginx SALLYPORT_CHANNEL="$run/reload" SALLYPORT_PID_FILE=/run/nginx.pid /opt/sallyport/reload.sh wait & ;;
	nginx)
		local words=()
		# A main configuration that was written for nginx-proxy may say so, and twice is refused.
		grep -q '^[[:space:]]*daemon[[:space:]]' /etc/nginx/nginx.conf || words=(-g "daemon off;")
		/opt/sallyport/as-nginx /opt/sallyport/nginx "${words[@]}" &
		;;
	announcement) announce & ;;
	esac
	part_of[$!]=$1
	since[$1]=$SECONDS
}

# A first one, without routes, is the renderer's first work. A part that has ended already may have a reason to end all.
wait_for_configuration() {
	local tenths pid
	for ((tenths = 0; tenths < 100; tenths++)); do
		if [ -e "$conf/default.conf" ] || [ -n "$ending" ]; then return; fi
		for pid in "${!part_of[@]}"; do kill -0 "$pid" 2>/dev/null || return; done
		sleep 0.1
	done
}

# Says once that what runs is what Docker has, in the words that scripts wait for.
announce() {
	local state="" tenths=3
	until [[ $state == *'"docker":"connected"'* && $state == *'"pending":false'* && $state == *'"sha256"'* ]]; do
		sleep "$((tenths / 10)).$((tenths % 10))"
		# Someone may have to do something first: asking costs a process.
		tenths=$((tenths < 50 ? tenths + 2 : tenths))
		state=$(sallyport-renderer status --json 2>/dev/null | tr -d '[:space:]')
	done
	echo "Watching docker events"
}

# PART CODE: once more, after a pause.
restart_later() {
	local wait=${pause[$1]:-1}
	((SECONDS - since[$1] < 60)) || wait=1
	say "$1 ended with code $2, started again in $wait s; nginx serves what it has"
	pause[$1]=$((wait * 2 < longest_pause ? wait * 2 : longest_pause))
	sleep "$wait" &
	part_of[$!]=again:$1
}

# SIGNAL for nginx: ends everything.
stop() {
	local pid nginx_pid=
	trap '' TERM INT QUIT HUP
	for pid in "${!part_of[@]}"; do
		if [ "${part_of[$pid]}" = nginx ]; then nginx_pid=$pid; else kill -TERM "$pid" 2>/dev/null; fi
	done
	if [ -n "$nginx_pid" ]; then
		kill "-$1" "$nginx_pid" 2>/dev/null
		wait "$nginx_pid"
	fi
	wait
}

# Files are looked at again, and nginx reads what is not generated, too.
look_again() {
	local pid
	for pid in "${!part_of[@]}"; do
		case ${part_of[$pid]} in renderer | nginx) kill -HUP "$pid" ;; esac
	done
}

supervise() {
	local pid code part
	while :; do
		wait -n -p pid
		code=$?
		[ -z "$ending" ] || { stop "$ending"; exit 0; }
		[ -n "${pid:-}" ] || continue
		part=${part_of[$pid]:-}
		unset "part_of[$pid]"
		case $part in
		nginx) say "nginx ended with code $code"; stop TERM; exit $((code == 0 ? 1 : code)) ;;
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
*) refuse "SALLYPORT_NGINX is ${SALLYPORT_NGINX:0:64}: it can be here or separate" ;;
esac
# With a process that ends at once, so that supervise wakes up also when the signal came just before it waits.
trap 'ending=TERM; : &' TERM INT
trap 'ending=QUIT; : &' QUIT
trap look_again HUP
ulimit -c 0

[ "$(id -u)" = 0 ] || refuse "it must be started as root, to give each process its own user"
find_socket
lay_out
configure
/opt/sallyport/certificates.sh once "$nginx_group"
[ -n "$is_separate" ] || mend_live
for part in agent renderer certificates announcement; do start "$part"; done
if [ -z "$is_separate" ]; then
	wait_for_configuration
	for part in reload nginx; do start "$part"; done
fi
supervise
