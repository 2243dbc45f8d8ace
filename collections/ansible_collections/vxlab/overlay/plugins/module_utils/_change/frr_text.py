# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of FRR's files: whose it is, what of it bgpd runs, and which daemons it starts.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

HIDDEN = "********"
PASSWORD = re.compile(r"\b((?:password|key)(?: \d+)?) \S.*")
MARKED = re.compile(r"\A! vxlab\.overlay:(\S+)$", re.MULTILINE)
# What a package puts into frr.conf, and what vtysh's "write" adds where nothing is configured.
PRISTINE = re.compile(
    r"[!#].*|frr (version|defaults) .*|log syslog.*|hostname .*|service integrated-vtysh-config"
    r"|line vty|(no )?(ip|ipv6) forwarding|exit|end|Building configuration.*"
    r"|ip nht resolve-via-default|"
)
# By itself zebra takes no default route for the way to a neighbor, and many a host has no other.
BY_DEFAULT_ROUTE = "ip nht resolve-via-default"
# What Python's logging puts before a line of frr-reload.py, with its colours.
LOGGED = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ +(?:\x1b\[\d+m)? *[A-Z]+(?:\x1b\[0m)?: ", re.M)
VTYSH_LINE = re.compile(r"^line \d+: (?=Failure )", re.M)
TOLD = 5
TRACEBACK = re.compile(r"^Traceback .*\n(?: .*\n)*", re.M)
DESCRIBED = re.compile(r"neighbor (\S+) description (.*)")

# (block, address family or "", line): "router bgp 65000", "address-family l2vpn evpn", "…"
BgpLine = Tuple[str, str, str]


def check_secrets(secrets: Sequence[str]) -> None:
    """Raise ChangeError unless each could be a session's password; never shows one.

    TCP's MD5 option takes keys of 80 bytes at most (tcp(7), TCP_MD5SIG_MAXKEYLEN), and FRR reads
    a password as one word.
    """
    for number, secret in enumerate(secrets, 1):
        if not 1 <= len(secret) <= 80 or not re.fullmatch(r"[!-~]+", secret):
            raise ChangeError(
                f"password {number} cannot be used for BGP sessions: it must have 1 to 80 ASCII"
                " letters, digits and punctuation marks, and no blanks"
            )


def hide(text: str, secrets: Sequence[str]) -> str:
    """The text without passwords: ours wherever they stand, and any that follows "password"."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return PASSWORD.sub(rf"\1 {HIDDEN}", text)


def reload_answer(printed: str, secrets: Sequence[str]) -> str:
    """Why frr-reload.py failed, by what it printed, in one line without passwords.

    It tries thrice and goes on after an error. What FRR says of a line begins with "%", and comes
    after vtysh's list of all the lines that failed.
    """
    text = VTYSH_LINE.sub("", LOGGED.sub("", TRACEBACK.sub("", printed)))
    lines = dict.fromkeys(hide(line.strip(), secrets) for line in text.splitlines() if line.strip())
    told = sorted(lines, key=lambda line: not line.startswith("%"))
    return "; ".join(told[:TOLD] + ["…"] * (len(told) > TOLD))


def render(config: str, mark: Mark) -> str:
    """The text of frr.conf: the mark comes first, since by it the next run knows the file."""
    head = (
        f"! {mark.text}\n"
        "! Written by the Ansible collection vxlab.overlay; its next run undoes other changes.\n"
    )
    return head + config.rstrip("\n") + "\n"


def owner(text: str, mark: Mark) -> Optional[str]:
    """Name of the overlay whose frr.conf this is, "" for nobody's, None for somebody else's."""
    marked = MARKED.search(text)
    if marked:
        return marked.group(1)
    foreign = [line for block, line in _placed(text) if not (block or PRISTINE.fullmatch(line))]
    if foreign:
        return None
    if not bgp_lines(text):
        return ""
    # vtysh's "write" drops comments, and with them the mark; descriptions it keeps.
    return mark.name if _all_described(text, mark) else None


def _all_described(text: str, mark: Mark) -> bool:
    described, neighbors = set(), set()
    for _block, family, line in bgp_lines(text):
        if line.startswith("neighbor ") and not family:
            neighbors.add(line.split()[1])
        match = DESCRIBED.fullmatch(line)
        if match and match.group(2).split()[-1] == mark.text:
            described.add(match.group(1))
    return bool(neighbors) and neighbors == described


def bgp_lines(text: str) -> List[BgpLine]:
    """What stands in the blocks "router bgp …", each line with where it stands."""
    lines: List[BgpLine] = []
    family = ""
    for block, line in _placed(text):
        if not block or line.startswith(("!", "#")) or line in ("", "exit"):
            continue
        if line.startswith("address-family "):
            family = line
        elif line == "exit-address-family":
            family = ""
        elif line == block:
            family = ""
            lines.append((block, "", ""))
        else:
            lines.append((block, family, line))
    return lines


def _placed(text: str) -> Iterator[Tuple[str, str]]:
    """Each line, stripped, with the block "router bgp …" in which it stands, or ""."""
    block = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line and not raw.startswith(" ") and not (block and line in ("exit", "!")):
            block = line if line.startswith("router bgp ") else ""
        yield block, line
        if line == "exit" and not raw.startswith(" "):
            block = ""


def to_load(wanted: str, running: str) -> str:
    """What bgpd should run: our blocks, and what it runs besides them (frr-reload.py --daemon)."""
    kept = [raw for raw, (block, _line) in zip(running.splitlines(), _placed(running)) if not block]
    ours = [raw for raw, (block, _line) in zip(wanted.splitlines(), _placed(wanted)) if block]
    return "\n".join([*(line for line in kept if line.strip() != "end"), *ours]) + "\n"


def drift(wanted: str, running: str, secrets: Sequence[str]) -> List[str]:
    """Where bgpd runs something else than our text has, a sentence for each line."""
    want, have = bgp_lines(wanted), bgp_lines(running)
    return [
        *(f"bgpd: does not run {_shown(line, secrets)}" for line in want if line not in have),
        *(f"bgpd: should not run {_shown(line, secrets)}" for line in have if line not in want),
    ]


def _shown(line: BgpLine, secrets: Sequence[str]) -> str:
    return repr(hide(": ".join(filter(None, line)), secrets))


def daemon_values(text: str) -> Dict[str, str]:
    """Which daemons the file /etc/frr/daemons switches on or off; shell, so the last one wins."""
    return dict(re.findall(r"^\s*(\w+d)=[\"']?(\w*)", text, re.M))


def is_on(value: Optional[str]) -> bool:
    """As frrcommon.sh, daemon_list(), reads it."""
    return value not in (None, "", "no", "0")


def edit_daemons(text: str, values: Mapping[str, Optional[str]]) -> str:
    """The file with these daemons' lines changed, added, or (None) removed; no other line."""
    lines = text.splitlines(keepends=True)
    for name, value in values.items():
        places = [n for n, line in enumerate(lines) if re.match(rf"\s*{name}=", line)]
        new = [] if value is None else [f"{name}={value}\n"]
        if places:
            lines[places[-1] : places[-1] + 1] = new
        elif new:
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += "\n"
            lines += new
    return "".join(lines)
