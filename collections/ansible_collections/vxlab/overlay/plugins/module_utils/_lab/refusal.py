# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a kernel refuses namespaces, and what to do about it. Pure."""

from __future__ import annotations

from typing import Mapping

# Each can forbid an ordinary user what a lab needs.
USERNS_CLONE = "kernel.unprivileged_userns_clone"
APPARMOR = "kernel.apparmor_restrict_unprivileged_userns"
MAX_USER = "user.max_user_namespaces"
SETTINGS = (USERNS_CLONE, APPARMOR, MAX_USER)


def explain(said: str, root: bool, settings: Mapping[str, str]) -> str:
    """One sentence: what was refused, and the remedy.

    said: what unshare(1) wrote. settings: values of SETTINGS, as far as the kernel has them.
    """
    answer = " ".join(said.split()) or "nothing was said"
    if "No space left on device" in said and (root or settings.get(MAX_USER) != "0"):
        return (
            f"cannot make the lab's namespaces: {answer}; the limit of namespaces is reached:"
            " raise the user.max_*_namespaces sysctls, or end other labs"
        )
    if root:
        return (
            f"cannot make the lab's namespaces: {answer}; root needs CAP_SYS_ADMIN for them:"
            " in a container, give it that capability (docker run --privileged)"
        )
    if settings.get(MAX_USER) == "0":
        remedy = f"{MAX_USER} is 0: run `sudo sysctl -w {MAX_USER}=15000`"
    elif settings.get(USERNS_CLONE) == "0":
        remedy = f"{USERNS_CLONE} is 0: run `sudo sysctl -w {USERNS_CLONE}=1`"
    elif settings.get(APPARMOR) == "1":
        remedy = f"{APPARMOR} is 1: run `sudo sysctl -w {APPARMOR}=0`"
    else:
        remedy = "this kernel does not let you make user namespaces"
    return (
        f"cannot make the lab's namespaces as an ordinary user: {answer}; {remedy}, or run as root"
    )
