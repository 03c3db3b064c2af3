#!/bin/sh
# Try the project on a fresh machine: a minimal Debian in a folder, a copy of
# this tree in it, and then what the README asks of a newcomer.
#
#   tests/fresh.sh [DIRECTORY [COMMAND]]       default: /tmp/fresh 'make test'
#
# Root only, needs debootstrap and a connection.  The directory must not exist;
# it is removed at the end.  Not part of `make test`.
set -eu

root=${1:-/tmp/fresh}
command=${2:-make test}
suite=${SUITE:-bookworm}

[ "$(id -u)" -eq 0 ] || { echo "fresh.sh: only root can do this" >&2; exit 1; }
# Mounts in a namespace of their own: nobody else sees them, and they go when
# this ends, however it ends.
[ -n "${MFRL_FRESH:-}" ] || exec env MFRL_FRESH=1 unshare --mount "$0" "$@"
[ ! -e "$root" ] || { echo "fresh.sh: $root is already there" >&2; exit 1; }

leave() {
    for mount in dev/shm sys proc; do
        ! mountpoint -q "$root/$mount" || umount "$root/$mount" || exit 1
    done
    rm -rf --one-file-system "$root"
}
trap leave EXIT
trap 'exit 130' INT TERM

debootstrap --variant=minbase "$suite" "$root" >/dev/null
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mkdir -p "$root/dev/shm"
mount -t tmpfs tmpfs "$root/dev/shm"

# The files as they are, committed or not, without what is built or ignored.
mkdir "$root/root/mfrl-dist"
git ls-files -z --cached --others --exclude-standard |
    tar -c --null -T - | tar -x -C "$root/root/mfrl-dist"

# `make` itself is the one thing a newcomer brings.
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -ec "
    apt-get -q -q update
    apt-get -q -q -y install --no-install-recommends make >/dev/null 2>&1
    cd /root/mfrl-dist
    $command"
