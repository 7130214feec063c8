# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark of a guest or network that the collection made."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.ownership_mark import signed
from ansible_collections.virtfleet.kvm.tests.unit.support import defined, observed, plan_one

WEB = {"name": "web01", "memory": "1GiB"}
NOTE = '<n:note xmlns:n="https://example.org/n">x</n:note>'


@pytest.mark.parametrize("more", [{}, {"metadata": [NOTE]}, {"uuid": "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"}])
def test_a_new_guest_is_signed(more: dict[str, object]) -> None:
    xml = defined(plan_one(DOMAIN, None, {**WEB, **more}))
    assert signed(ET.fromstring(xml))
    assert xml.count("https://example.org/n") == ("metadata" in more)


def test_a_new_network_is_signed() -> None:
    assert signed(ET.fromstring(defined(plan_one(NETWORK, None, {"name": "lan", "bridge": "virbr7"}))))


@pytest.mark.parametrize("edit", [{"memory": "2GiB"}, {"metadata": [NOTE]}, {"metadata": []}, {"metadata": None}])
def test_the_mark_survives_an_edit(edit: dict[str, object]) -> None:
    there = observed(defined(plan_one(DOMAIN, None, {**WEB, "metadata": [NOTE.replace(">x<", ">y<")]})))
    assert signed(ET.fromstring(defined(plan_one(DOMAIN, there, {**WEB, **edit}))))


def test_a_guest_that_was_there_before_gets_none() -> None:
    there = observed("<domain type='kvm'><name>web01</name><uuid>1</uuid><memory>1048576</memory></domain>")
    assert not signed(ET.fromstring(defined(plan_one(DOMAIN, there, {**WEB, "title": "x"}))))


@pytest.mark.parametrize(
    ("old", "new"),
    [("<uuid>", "<uuid>0"), (' uuid="', ' id="'), ("made", "found"), ("<uuid>", "<id>"), ("kvm/1", "kvm/2")],
)
def test_a_copy_or_another_mark_is_not_ours(old: str, new: str) -> None:
    xml = defined(plan_one(DOMAIN, None, WEB)).replace(old, new)
    if new == "<id>":
        xml = xml.replace("</uuid>", "</id>")
    assert not signed(ET.fromstring(xml))
