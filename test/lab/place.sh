# shellcheck shell=bash
# Sourced, never run: where the lab keeps its things. It does nothing by itself, so there is nothing to undo.
#
# Each place can be moved with the variable on the left, so that two labs never meet in one directory.

# shellcheck disable=SC2034 # used by the scripts that source this

# dockerd finds iptables here, whatever PATH the caller has.
PATH=$PATH:/usr/sbin:/sbin

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Sockets, pid files and logs; gone after a reboot.
lab_state=${SALLYPORT_LAB_STATE:-/run/sallyport-lab}
# Images and containers of the lab's Engine.
lab_data=${SALLYPORT_LAB_DATA:-/var/lib/sallyport-lab}
# Root file systems that take long to make.
lab_cache=${SALLYPORT_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sallyport-lab}

lab_docker_socket=$lab_state/docker.sock
lab_containerd_socket=$lab_state/containerd.sock

# The network of containers that ask for none. An Engine's own name for it, docker0, may be taken by another Engine.
lab_bridge=sallyport0
lab_bridge_address=10.212.0.1/24
