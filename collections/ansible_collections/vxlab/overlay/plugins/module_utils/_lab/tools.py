# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that a lab needs, and the Debian packages that have them."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Dict

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError

# An ordinary user's PATH often lacks the sbin folders.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGES = {
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "pivot_root": "util-linux",
    "mountpoint": "util-linux",
    "mount": "mount",
    "umount": "mount",
    "hostname": "hostname",
    "nft": "nftables",
}
# A lab that carries multicast does without it.
NFT = "nft"


def find_tools(nft: bool) -> Dict[str, str]:
    """Paths of all programs that a lab needs. Raises LabError that names what is missing.

    nft: whether it must be there; its path is in the answer whenever it is.
    """
    found = {name: shutil.which(name, path=_search_path()) for name in PACKAGES}
    missing = sorted(name for name, path in found.items() if path is None and (nft or name != NFT))
    if missing:
        packages = sorted({PACKAGES[name] for name in missing})
        raise LabError(
            f"the lab needs {', '.join(missing)}: not found; on Debian or Ubuntu: "
            f"apt-get install {' '.join(packages)}"
        )
    return {name: path for name, path in found.items() if path is not None}


def find_tool(name: str) -> str:
    """Path of one of these programs. Raises LabError if it is missing."""
    path = shutil.which(name, path=_search_path())
    if path is None:
        raise LabError(
            f"the lab needs {name}: not found; on Debian or Ubuntu: "
            f"apt-get install {PACKAGES[name]}"
        )
    return path


def host_python() -> str:
    """The Python that hosts use: the system's, as on real hosts; else the one that runs this.

    The system's is the same for every checkout and environment that uses the lab.
    """
    system = "/usr/bin/python3"
    return system if os.access(system, os.X_OK) else sys.executable


def _search_path() -> str:
    return f"{os.environ.get('PATH', '')}:{PATH}"
