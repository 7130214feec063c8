# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of the integration targets are one text: Ansible takes no variable for the name of a module."""

from __future__ import annotations

from pathlib import Path

import pytest

CASES = Path(__file__).resolve().parents[1] / "integration/targets/case/tasks"
MODULES = ("domains", "networks", "pools", "secrets", "volumes")


def text(module: str) -> str:
    """The case of a module, with no word of which module it is."""
    return (CASES / f"{module}.yml").read_text(encoding="utf-8").replace(module, "MODULE")


def test_each_module_has_a_case() -> None:
    assert {path.stem for path in CASES.glob("*.yml")} == {*MODULES, "main"}


@pytest.mark.parametrize("module", MODULES[1:])
def test_the_cases_of_all_modules_say_the_same(module: str) -> None:
    """Where this fails: what was changed in one of the files belongs into all of them."""
    assert text(module) == text(MODULES[0])
