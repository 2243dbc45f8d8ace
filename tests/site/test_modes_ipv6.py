# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every mode over an IPv6 underlay."""

from __future__ import annotations

import pytest

from tests.site import modes
from tests.site.modes import Case
from tests.site.whole_life import whole_life


@pytest.mark.parametrize("case", modes.cases(6), ids=str)
def test_whole_life_of_a_site(case: Case, lab_of: modes.MakeSite) -> None:
    whole_life(lab_of(case), case)
