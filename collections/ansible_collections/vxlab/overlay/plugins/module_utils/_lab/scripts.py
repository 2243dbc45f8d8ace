# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text that a lab's processes run: shell for the init processes, Python for the server.

Shell and not Python for an init: a waiting dash is a tenth of Python's size, and a lab may have
hundreds of hosts.
"""

from __future__ import annotations

import shlex
from typing import Tuple

# The word by which the processes of a lab are told from all others. On the command line it is
# followed by the lab's state directory and the name of the host.
MARKER = "vxlab-lab"

# What the init of a host runs and starts again when it ends. A kernel does not reap orphans for
# a PID 1, and Ansible's asynchronous jobs are orphans; a shell that waits for one child reaps
# every other child meanwhile.
KEEP = 'shift 2; while :; do "$@" & wait "$!"; sleep 1; done'
# The largest time that every implementation of sleep takes.
IDLE = ("sleep", "2147483647")

# Answers every connection with the client's address. Waiting for the client's end of file keeps
# close() from sending a reset, which could overtake the answer where the client had sent something.
SERVER = """\
import socketserver, sys
class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(5)
        try:
            self.request.sendall((self.client_address[0] + "\\n").encode())
            self.request.shutdown(1)
            while self.request.recv(4096):
                pass
        except OSError:
            pass
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024
Server(("0.0.0.0", int(sys.argv[1])), Answer).serve_forever()
"""

# Arguments of both scripts, the fabric's and a host's: the state directory, the name, the version
# of what is made (spec.Node.version), then what KEEP runs. /proc is still the machine's when they
# start, so /proc/self tells the id by which the machine knows this process.
START = """\
set -eu
umask 022
lab=$1 name=$2 version=$3
shift 3
read -r stat </proc/self/stat

# run COMMAND...: its failure is written to the log, which is empty otherwise, and is the end.
run() {
    said=$("$@" 2>&1) || {
        echo "$*: $said"
        exit 1
    }
}

# The record is what makes a host enterable: id, start time in clock ticks since boot (field 22 of
# proc_pid_stat(5)), version, and which boot that was. Its file is opened while it can be reached,
# and written when all is done.
exec 9>"$lab/hosts/$name"
record() {
    read -r boot </proc/sys/kernel/random/boot_id
    # shellcheck disable=SC2086  # its words are wanted
    set -- $stat
    pid=$1
    shift 21
    echo "$pid $1 $version $boot" >&9
    exec 9>&-
}

# setting KEY VALUE: a kernel without the key (no IPv6, say) needs no setting.
setting() {
    [ ! -e "$proc/sys/net/$1" ] || echo "$2" >"$proc/sys/net/$1"
}
"""

BECOME_INIT = f"""\
exec /bin/sh -c {shlex.quote(KEEP)} {MARKER} "$lab" "$name" "$@" </dev/null >/dev/null 2>&1
"""

# The bridges of the fabric have no business with IPv6 or with the machine's bridge netfilter.
# Where /proc/sys is read-only (a container), the defaults do no harm.
FABRIC_TEXT = (
    START
    + """
run hostname "$name"
proc=/proc
if [ -w /proc/sys/net/ipv4/ip_forward ]; then
    setting ipv6/conf/all/disable_ipv6 1
    setting ipv6/conf/default/disable_ipv6 1
    for filter in iptables ip6tables arptables; do
        setting "bridge/bridge-nf-call-$filter" 0
    done
fi
cd /
record
"""
    + BECOME_INIT
)


def server_command(python: str) -> Tuple[str, ...]:
    """The outside server's command, to which the port is added."""
    return (python, "-IS", "-c", SERVER)
