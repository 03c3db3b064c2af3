# shellcheck shell=sh
# A network of hosts on this machine: namespaces with a network, a name and a
# /dev/shm of their own, joined by a bridge in one more namespace; the machine's
# own network is not touched.  Sourced after tests/e2e/lib.sh; root only.
#
#   network_start 3 && on 1 COMMAND...; network_stop     (also on failure)
#
# Host I is $NET-I at 10.77.0.I.

NET=mfrl$$
n_hosts=0

network_start() { # N
    echo "127.0.0.1 localhost" >"$SCRATCH/hosts"
    ip netns add "$NET-sw" && ip -n "$NET-sw" link add br0 type bridge &&
        ip -n "$NET-sw" link set br0 up || return 1
    while [ $n_hosts -lt "$1" ]; do
        n_hosts=$((n_hosts + 1))
        add_host $n_hosts || return 1
    done
    cat >"$SCRATCH/in" <<END
#!/bin/sh
# in HOST COMMAND: on that host, the command one word for a shell.
exec nsenter --net="/run/netns/\$1" unshare --uts --mount sh -c '
    hostname "\$0" && mount --make-rprivate / &&
    mount -t tmpfs tmpfs /dev/shm &&
    mount --bind "$SCRATCH/hosts" /etc/hosts && exec sh -c "\$1"' "\$1" "\$2"
END
    # What mpirun calls instead of ssh: options, host, the command's words.
    cat >"$SCRATCH/rsh" <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\$1
shift
exec "$SCRATCH/in" "\$host" "\$*"
END
    chmod +x "$SCRATCH/in" "$SCRATCH/rsh"
}

add_host() { # I
    host=$NET-$1
    echo "10.77.0.$1 $host" >>"$SCRATCH/hosts"
    ip netns add "$host" && ip -n "$host" link set lo up &&
        ip link add veth0 netns "$host" type veth \
            peer name "port$1" netns "$NET-sw" &&
        ip -n "$NET-sw" link set "port$1" master br0 up &&
        ip -n "$host" addr add "10.77.0.$1/24" dev veth0 &&
        ip -n "$host" link set veth0 up
}

link() { # I up|down
    ip -n "$NET-sw" link set "port$1" "$2"
}

on() { # I COMMAND
    "$SCRATCH/in" "$NET-$1" "$2"
}

processes_on() { # I: their ids
    ip netns pids "$NET-$1"
}

network_stop() {
    while [ $n_hosts -gt 0 ]; do
        # shellcheck disable=SC2046  # a list
        kill -9 $(processes_on $n_hosts) 2>/dev/null
        ip netns del "$NET-$n_hosts"
        n_hosts=$((n_hosts - 1))
    done
    ip netns del "$NET-sw" 2>/dev/null
}
