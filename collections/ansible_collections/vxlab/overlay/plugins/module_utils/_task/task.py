# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module of this package is: the work of one of Ansible's modules on a host.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict, Protocol, runtime_checkable

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

Params = Dict[str, Any]


class Task(Protocol):
    """The options of a module, what the host has, and the change from that to what they ask for.

    All raise ChangeError or KernelError.
    """

    __name__: str

    def read(self, params: Params, mark: Mark, /) -> Any:
        """What the host has, as far as these options may change it."""

    def change(self, params: Params, have: Any, mark: Mark, /) -> Change:
        """The change that makes of it what the options ask for."""


@runtime_checkable
class Kept(Task, Protocol):
    """A task whose options can be kept, to do the same again on a host that has nothing."""

    def nothing(self, params: Params, /) -> Any:
        """What read returns on a host that has nothing but what the tasks before this one make."""
