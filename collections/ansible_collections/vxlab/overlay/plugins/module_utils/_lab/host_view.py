# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that makes a host: its own view of the machine's files, then its init."""

from __future__ import annotations

import shlex
from typing import Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.scripts import BECOME_INIT, START

_VIEW = """
# All that is mounted here is seen in this host's mount namespace only, and ends with it.
run mount -t tmpfs -o mode=755 lab "$lab/mnt"
cd "$lab/mnt"
mkdir root
proc=root/proc

# What cannot be made read-only is hidden: a host must not write where others see it. The options
# come from the mount itself; fstab's could drop one that a user namespace must keep.
seal() { # MOUNT POINT
    mount --options-source mtab -o remount,bind,ro "$1" 2>/dev/null || hide "$1"
}

hide() { # MOUNT POINT
    if [ -d "$1" ]; then
        run mount -t tmpfs -o ro hidden "$1"
    else
        run mount --bind /dev/null "$1"
    fi
}

read_only() { # PATH: the machine's, under its own name
    run mount --rbind "$1" "root$1"
    seal "root$1"
}

layers=0
layer() { # PATH: a writable view of a directory of the machine; the writes stay in a tmpfs
    [ -d "$1" ] || return 1
    layers=$((layers + 1))
    mkdir -p "$layers/upper" "$layers/work"
    chmod --reference="$1" "$layers/upper"
    chown --reference="$1" "$layers/upper" 2>/dev/null || :
    mount -t overlay -o "lowerdir=$1,upperdir=$layers/upper,workdir=$layers/work" \\
        lab "root${1%/}" 2>/dev/null
}

submount() { # PATH: a mount of the machine that a layer of / does not show
    if [ "$whole" = yes ]; then
        layer "$1" || read_only "$1"
        return
    fi
    # It came along with the directory around it, but writable.
    case $1 in
        /var/*) set -- "root/.machine$1" ;;
        *) set -- "root$1" ;;
    esac
    if mountpoint -q "$1"; then
        seal "$1"
    fi
}

show() { # PATH: make sure that this directory of the machine is there
    if [ ! -e "root$1" ]; then
        mkdir -p "root$1"
        read_only "$1"
    fi
}

# Where / cannot be a layer (a user namespace): a new root, in which all but what hosts write to
# is the machine's, read-only. /etc is a copy, since files that are not one's own cannot be
# written to even through a layer. In /var and /var/lib new names can be made.
assemble() {
    run mount --bind root root
    for path in /* /.[!.]*; do
        if [ -L "$path" ]; then
            cp -P "$path" "root$path"
        elif [ -d "$path" ]; then
            mkdir "root$path"
            case $path in
                /proc | /sys | /dev | /run | /tmp | /var | /root) ;;
                # What this user may not read is left out.
                /etc) cp -R --preserve=mode,timestamps /etc root/ 2>/dev/null || : ;;
                *) read_only "$path" ;;
            esac
        fi
    done
    mkdir -p root/.machine/var root/var/tmp root/var/lib
    chmod 755 root/etc
    chmod 700 root/root
    chmod 1777 root/var/tmp
    links /var
    links /var/lib
    run mount --rbind /var root/.machine/var
    seal root/.machine/var
}

links() { # DIRECTORY: links to what the machine has in it
    for path in "$1"/*; do
        [ -L "root$path" ] || [ -e "root$path" ] || ln -s "/.machine$path" "root$path"
    done
}

private() { # PATH MODE: an empty directory
    [ "$whole" = no ] || run mount -t tmpfs -o "mode=$2" lab "root$1"
    chmod "$2" "root$1"
}

devices() {
    run mount -t tmpfs -o mode=755 dev root/dev
    mkdir root/dev/pts root/dev/shm root/dev/net
    for node in null zero full random urandom tty net/tun; do
        [ -e "/dev/$node" ] || continue
        : >"root/dev/$node"
        run mount --bind "/dev/$node" "root/dev/$node"
    done
    run mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts root/dev/pts
    run mount -t tmpfs -o mode=1777 shm root/dev/shm
    ln -s pts/ptmx root/dev/ptmx
    ln -s /proc/self/fd root/dev/fd
    for number in 0 1 2; do
        set -- stdin stdout stderr
        shift "$number"
        ln -s "/proc/self/fd/$number" "root/dev/$1"
    done
}

# Root's sysctls outside of net, and most of /sys, are the machine's: a `sysctl --system` in a
# host must not reach them. /proc/sys/net itself stays unmounted: a mount would pin it to this
# host's network namespace, and `ip netns exec` would set the wrong one.
kernel() {
    run mount -t proc proc root/proc
    run mount -t sysfs sysfs root/sys
    if [ "$user_namespace" = yes ]; then
        # `ip netns exec` takes /sys away before it mounts its own, which the kernel permits in a
        # user namespace only while another sysfs is there (mount_too_revealing in fs/namespace.c).
        mkdir -p root/.machine/sys
        run mount --bind root/sys root/.machine/sys
        return
    fi
    for path in root/proc/sys/*; do
        [ "$path" = root/proc/sys/net ] || run mount -o bind,ro "$path" "$path"
    done
    run mount -o remount,bind,ro root/sys
    run mount --bind root/sys/devices/virtual/net root/sys/devices/virtual/net
    run mount --options-source mtab -o remount,bind,rw root/sys/devices/virtual/net
}

whole=yes
layer / || {
    whole=no
    assemble
}
"""

# Comes after the submounts and the visible paths, which view.py writes.
_END = (
    """
run hostname "$name"
# The file may be a mount of its own and read-only, in a container; nothing depends on it.
echo "$name" 2>/dev/null >root/etc/hostname || :
# A new network namespace takes over the machine's IPv4 settings (net.core.devconf_inherit_init_net
# in the kernel's documentation of sysctl/net). These are a Debian's or an Ubuntu's after boot.
setting ipv4/ip_forward "$forward"
for scope in all default; do
    setting "ipv4/conf/$scope/rp_filter" 2
    for key in arp_ignore arp_announce arp_filter proxy_arp; do
        setting "ipv4/conf/$scope/$key" 0
    done
done
# The fabric, from which a kernel may be set to take these over, does without IPv6.
for scope in all default; do
    setting "ipv6/conf/$scope/disable_ipv6" 0
done
setting ipv6/conf/all/forwarding "$forward"
# Link-local addresses that are usable at once.
setting ipv6/conf/default/accept_dad 0
mkdir root/.old
cd root
run pivot_root . .old
cd /
run umount -l /.old
rmdir /.old
record
"""
    + BECOME_INIT
)


def host_script(submounts: Sequence[str], visible: Sequence[str], user_namespace: bool) -> str:
    """The script that makes a host's view of the machine's files and becomes its init.

    submounts: mount points of the machine, outermost first, that hosts should see.
    visible: directories that hosts must see even where they lie in a private one (/tmp).
    Its arguments after the version: 1 or 0 (forward IPv4 and IPv6), then the command of KEEP.
    """
    steps = [f"submount {shlex.quote(path)}" for path in submounts]
    steps += ["private /run 755", "private /tmp 1777"]
    steps += ["devices", "kernel"]
    steps += ["mkdir -p root/run/lock", "chmod 1777 root/run/lock"]
    steps += [f"show {shlex.quote(path)}" for path in visible]
    head = f"{START}forward=$1\nshift\nuser_namespace={'yes' if user_namespace else 'no'}\n"
    return head + _VIEW + "\n".join(steps) + "\n" + _END
