# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that stays on what it is on, and the format that was noted of that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks.disk_formats import DiskFormats

NODE = "<disk type='{}'><driver type='{}'/><source {}='{}'/></disk>"


def looked(
    current: str, declared: str | None, noted: set[str] | None, node: str | None = None, here: bool = True
) -> tuple[list[str], list[tuple[str, ...]]]:
    """What is warned of a disk, and the checks that it has to pass.

    :param noted: the formats that were noted of it; None where that cannot be read
    """
    checks = list[tuple[str, ...]]()

    def of(place: str) -> set[str]:
        assert place in ("/path/of/a", "p/a")
        if noted is None:
            raise VirtfleetError("cannot be read")
        return noted

    formats: Any = SimpleNamespace(
        connection=object() if here else None,
        formats=SimpleNamespace(noted=SimpleNamespace(of=of)),
        path_of=lambda place: "/path/of/a" if place == "/a" else None,
        agrees=lambda *given: checks.append(("agrees", *given)),
        fits=lambda *given: checks.append(("fits", *given)),
        warnings={},
    )
    scope: Any = SimpleNamespace(name="web", index=2)
    text = NODE.format("file", current, "file", "/a") if node is None else node
    DiskFormats.stays(formats, {"format": declared}, ET.fromstring(text), scope)
    assert set(formats.warnings) <= {"web"}
    return formats.warnings.get("web", []), checks


@pytest.mark.parametrize(
    ("current", "declared", "noted", "form"),
    [
        ("raw", None, {"qcow2"}, "qcow2"),
        ("raw", "raw", {"qcow2"}, "qcow2"),
        ("raw", "iso", {"qcow2"}, "qcow2"),
        ("qcow2", None, {"raw"}, "raw"),
        ("qcow2", "qcow2", {"iso"}, "raw"),
        ("vmdk", None, {"raw", "qcow2"}, "raw"),
        ("raw", None, {"vmdk", "qcow2"}, "qcow2"),
        # It is one of them, nothing is known, or that cannot be told.
        ("raw", None, {"raw"}, None),
        ("raw", None, {"iso"}, None),
        ("qcow2", None, {"raw", "qcow2"}, None),
        ("raw", None, set(), None),
        ("raw", "raw", None, None),
    ],
)
def test_a_disk_that_was_made_as_another_format_is_told(
    current: str, declared: str | None, noted: set[str] | None, form: str | None
) -> None:
    said, checks = looked(current, declared, noted)
    assert checks == []
    made = f"disks[2]: '/a' was made as {form}, and the guest has it as {current}: write format: {form} to correct that"
    assert said == ([] if form is None else [made])


@pytest.mark.parametrize("noted", [{"qcow2"}, {"raw"}, set(), None])
@pytest.mark.parametrize(("current", "declared"), [("raw", "qcow2"), ("qcow2", "raw"), ("vmdk", "qcow2")])
def test_another_format_has_to_agree_and_to_fit(current: str, declared: str, noted: set[str] | None) -> None:
    checks = [("agrees", "/a", declared, "web"), ("fits", "/a", current, declared)]
    assert looked(current, declared, noted) == ([], checks)


@pytest.mark.parametrize(
    ("node", "here", "told"),
    [
        (NODE.format("file", "raw", "file", "/a"), True, True),
        (NODE.format("block", "raw", "dev", "/a"), True, True),
        ("<disk><driver type='raw'/><source file='/a'/></disk>", True, True),
        ("<disk type='volume'><driver type='raw'/><source pool='p' volume='a'/></disk>", True, True),
        (NODE.format("file", "raw", "file", "/a"), False, False),
        (NODE.format("network", "raw", "file", "/a"), True, False),
        ("<disk type='network'><driver type='raw'/><source protocol='rbd' name='a'/></disk>", True, False),
        ("<disk><driver type='raw'/><source/></disk>", True, False),
        ("<disk><driver type='raw'/></disk>", True, False),
    ],
)
def test_a_disk_of_which_nothing_can_be_told(node: str, here: bool, told: bool) -> None:
    said, _checks = looked("raw", None, {"qcow2"}, node, here)
    assert bool(said) is told
    _said, checks = looked("raw", "qcow2", {"qcow2"}, node, here)
    assert bool(checks) is told
