# shellcheck shell=bash
# Sourced, never run: the paths and names of the lab. Has no effect of its own.
#
# The environment variables SALLYPORT_LAB_* change the paths, so that two labs can have separate directories.

# shellcheck disable=SC2034 # used by the scripts that source this

# dockerd needs iptables, which the PATH of the caller may lack.
PATH=$PATH:/usr/sbin:/sbin

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Sockets, pid files and logs; gone after a reboot.
lab_state=${SALLYPORT_LAB_STATE:-/run/sallyport-lab}
# Images and containers of the lab's Engine.
lab_data=${SALLYPORT_LAB_DATA:-/var/lib/sallyport-lab}
# Cached root file systems.
lab_cache=${SALLYPORT_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sallyport-lab}

lab_docker_socket=$lab_state/docker.sock
lab_containerd_socket=$lab_state/containerd.sock

# The default network of containers. Its default name, docker0, may belong to another Engine.
lab_bridge=sallyport0
lab_bridge_address=10.212.0.1/24
