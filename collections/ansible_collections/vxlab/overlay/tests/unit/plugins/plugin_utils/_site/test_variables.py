# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role documents exactly the variables that the plan reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.variables import (
    CONTAINER_KEYS,
    VARIABLES,
    similar_key,
)

yaml = pytest.importorskip("yaml")
# Of every role; not read by the plan.
OF_THE_ROLES = {"overlay_state"}


@pytest.fixture(name="options", scope="module")
def fixture_options() -> dict[str, Any]:
    for folder in Path(__file__).absolute().parents:
        specs = folder / "roles" / "plan" / "meta" / "argument_specs.yml"
        if specs.exists():
            document = yaml.safe_load(specs.read_text(encoding="utf-8"))
            options: dict[str, Any] = document["argument_specs"]["main"]["options"]
            return options
    raise AssertionError("the role plan has no argument_specs.yml")


def test_role_documents_exactly_the_variables_that_the_plan_reads(options: dict[str, Any]) -> None:
    assert set(options) - OF_THE_ROLES == {variable.name for variable in VARIABLES}


def test_role_documents_the_defaults_that_the_plan_has(options: dict[str, Any]) -> None:
    documented = {name: options[name].get("default") for name in options}
    assert {v.name: documented[v.name] for v in VARIABLES} == {v.name: v.default for v in VARIABLES}


def test_defaults_pass_their_own_checks() -> None:
    for variable in VARIABLES:
        if variable.default is not None:
            assert variable.check(variable.default) == variable.default


def test_role_documents_every_key_of_a_container(options: dict[str, Any]) -> None:
    described = str(options["overlay_containers"])
    assert [key for key in CONTAINER_KEYS if f"C({key})" not in described] == []


def test_key_that_somebody_may_have_meant_is_named() -> None:
    assert similar_key("adress") == "address"
    assert similar_key("zzz") == ""
