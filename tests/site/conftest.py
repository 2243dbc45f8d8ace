# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab of three hosts for each file of tests, as they were before anything ran."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from tests.site import modes
from tests.site.site import Site


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of untouched hosts; its lab goes with the last test of the file."""
    name = request.module.__name__.rsplit("_", 1)[-1][:8]
    site = Site(f"t{name}{os.getpid()}", tmp_path_factory.mktemp(name))
    try:
        site.play("playbooks/lab_up.yml")
        site.untouched = site.state()
        yield site
    finally:
        site.reset()
        site.play("playbooks/lab_down.yml")


@pytest.fixture(scope="module")
def lab_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[modes.MakeSite]:
    """Makes sites in labs of their own; each lab goes when the next one is made, or at the end."""
    name = request.module.__name__.rsplit("_", 1)[-1][:8]
    with contextlib.ExitStack() as labs:

        def make(case: modes.Case) -> Site:
            labs.close()
            lab = f"m{name}{os.getpid()}"
            site = modes.make_site(lab, tmp_path_factory.mktemp(name), case)
            labs.callback(site.play, "playbooks/lab_down.yml")
            return site

        yield make


@pytest.fixture(scope="module")
def built(lab: Site) -> Site:
    """The same, with the overlay built."""
    lab.play("site.yml")
    return lab
