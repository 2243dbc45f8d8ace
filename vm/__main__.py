# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make vm-up, make vm-down."""

from __future__ import annotations

import sys

from vm.image import VmError
from vm.machines import down, up


def main(action: str) -> None:
    if action == "down":
        down()
        return
    for machine in up():
        print(f"{machine.name}: ssh -i .cache/vm/id_ed25519 -p {machine.port} root@127.0.0.1")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except VmError as error:
        sys.exit(f"vm: {error}")
