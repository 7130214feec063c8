# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes in kinds: one of them, changed from one to another without losing the rest."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import TEXT, Choice
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import (
    complete_rows,
    document_rows,
    edit_rows,
    parse_rows,
    read_rows,
    show_rows,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.variant import Variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.tests.unit.support import SCOPE, canonical

NETWORK = Field("network", "source@network", TEXT, "Network.")
BRIDGE = Field("bridge", "source@bridge", TEXT, "Bridge.")
DIRECT = Field("direct", "source@dev", TEXT, "Device.")
MODE = Field("mode", "source@mode", Choice("bridge", "vepa"), "Mode.", new="bridge", filled=True)
TAP = Field("tap", "target@dev", TEXT, "Tap.")
KIND = Variant("@type", {"network": (NETWORK, TAP), "bridge": (BRIDGE, TAP), "direct": (DIRECT, MODE)})
OPTIONAL = Variant("@type", {"network": (NETWORK,)}, optional=True)
ROWS = (KIND, Field("mac", "mac@address", TEXT, "MAC."))

ON_NETWORK = (
    "<interface type='network'><mac address='m'/><source network='n'/><target dev='t'/>"
    "<filterref filter='clean-traffic'/><source-like/></interface>"
)


def edit(xml: str, item: dict[str, Any]) -> tuple[str, dict[str, tuple[Any, Any]]]:
    """The element after an edit, and the changes by path."""
    root = ET.fromstring(xml)
    changes: list[Change] = []
    edit_rows(ROWS, root, item, SCOPE, "", changes)
    return canonical(root), {change.path: (change.before, change.after) for change in changes}


def problems(rows: Any, raw: dict[str, Any]) -> list[str]:
    """What is wrong with the options."""
    found: list[Invalid] = []
    parse_rows(rows, raw, "", found)
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("item", "xml"),
    [
        ({"network": "n"}, "<i type='network'><source network='n'/></i>"),
        ({"bridge": "b"}, "<i type='bridge'><source bridge='b'/></i>"),
        ({"direct": "d"}, "<i type='direct'><source dev='d' mode='bridge'/></i>"),
        ({"direct": "d", "mode": "vepa"}, "<i type='direct'><source dev='d' mode='vepa'/></i>"),
    ],
)
def test_a_new_element_gets_its_tag(item: dict[str, Any], xml: str) -> None:
    root = ET.Element("i")
    edit_rows((KIND,), root, complete_rows((KIND,), item, SCOPE, [], ""), SCOPE, "", [])
    assert canonical(root) == canonical(xml)


def test_switching_clears_the_others_source_and_keeps_everything_else() -> None:
    text, changes = edit(ON_NETWORK, {"bridge": "br0"})
    assert ET.fromstring(text).get("type") == "bridge"
    assert {node.tag: node.attrib for node in ET.fromstring(text)} == {
        "mac": {"address": "m"},
        "source": {"bridge": "br0"},
        "target": {"dev": "t"},
        "filterref": {"filter": "clean-traffic"},
        "source-like": {},
    }
    assert changes == {"network": ("n", None), "bridge": (None, "br0")}


def test_switching_gives_the_new_kind_what_a_new_element_gets() -> None:
    text, changes = edit(ON_NETWORK, {"direct": "eth0"})
    source = ET.fromstring(text).find("source")
    assert source is not None
    assert source.attrib == {"dev": "eth0", "mode": "bridge"}
    assert changes == {
        "network": ("n", None),
        "tap": ("t", None),
        "direct": (None, "eth0"),
        "mode": (None, "bridge"),
    }


def test_switching_back_takes_along_even_what_libvirt_fills_in() -> None:
    on_direct = "<interface type='direct'><mac address='m'/><source dev='eth0' mode='vepa'/></interface>"
    text, changes = edit(on_direct, {"network": "n"})
    assert text == canonical("<interface type='network'><mac address='m'/><source network='n'/></interface>")
    assert changes == {"direct": ("eth0", None), "mode": ("vepa", None), "network": (None, "n")}


def test_a_row_that_several_kinds_share_stays() -> None:
    text, changes = edit(ON_NETWORK, {"bridge": "br0", "tap": "t2"})
    assert changes["tap"] == ("t", "t2")
    assert "mode" not in text


def test_a_kind_that_no_row_knows_becomes_one_that_is() -> None:
    text, changes = edit("<interface type='user'><mac address='m'/></interface>", {"network": "n"})
    assert text == canonical("<interface type='network'><mac address='m'/><source network='n'/></interface>")
    assert changes == {"network": (None, "n")}


@pytest.mark.parametrize("item", [{}, {"mac": "m"}, {"network": "n"}, {"tap": "t"}, {"bridge": None}])
def test_what_is_left_out_or_so_already_stays(item: dict[str, Any]) -> None:
    assert edit(ON_NETWORK, item) == (canonical(ON_NETWORK), {})


def test_an_option_of_the_kind_that_is_there_needs_no_choosing() -> None:
    on_direct = "<interface type='direct'><source dev='eth0' mode='vepa'/></interface>"
    assert edit(on_direct, {"mode": "bridge"})[1] == {"mode": ("vepa", "bridge")}


def test_an_unknown_kind_without_a_choice_is_left_alone() -> None:
    xml = "<interface type='vhostuser'><source path='/x'/></interface>"
    assert edit(xml, {"mac": "m"}) == (canonical(xml.replace("</i", "<mac address='m'/></i")), {"mac": (None, "m")})
    assert read_rows((KIND,), ET.fromstring(xml)) == {}


def test_read_knows_the_kind_by_its_tag() -> None:
    # libvirt writes a bridge beside the network that it belongs to.
    xml = "<interface type='network'><source network='n' bridge='virbr0'/></interface>"
    assert read_rows((KIND,), ET.fromstring(xml)) == {"network": "n"}


def test_only_one_kind() -> None:
    assert problems((KIND,), {"network": "n", "bridge": "b"}) == ["give only one of network, bridge"]
    assert problems((KIND,), {"network": "n", "bridge": None}) == []


def test_an_option_of_another_kind() -> None:
    assert problems((KIND,), {"network": "n", "mode": "vepa"}) == ["mode: cannot be combined with 'network'"]
    assert problems((KIND,), {"bridge": "n", "tap": "t"}) == []
    assert problems((KIND,), {"mode": "vepa"}) == []


@pytest.mark.parametrize(("variant", "found"), [(KIND, ["give one of network, bridge, direct"]), (OPTIONAL, [])])
def test_a_new_element_needs_a_kind_unless_it_is_optional(variant: Variant, found: list[str]) -> None:
    wrong: list[Invalid] = []
    assert complete_rows((variant,), {}, SCOPE, wrong, "") == {}
    assert [str(problem) for problem in wrong] == found


def test_show_and_document_have_every_kinds_options_once() -> None:
    assert show_rows((KIND,), {"direct": "d", "mode": "vepa"}) == {"direct": "d", "mode": "vepa"}
    assert list(document_rows((KIND,))) == ["network", "tap", "bridge", "direct", "mode"]


SELF = Field("self", ".", TEXT, "Its own text.")


@pytest.mark.parametrize(
    ("variant", "roots"),
    [
        (Variant("@type", {"network": (NETWORK,), "bridge": (BRIDGE, TAP)}), ("", "source", "target")),
        (Variant("kind@type", {"network": (NETWORK,)}), ("kind", "source")),
    ],
)
def test_the_elements_that_a_variant_is_found_by(variant: Variant, roots: tuple[str, ...]) -> None:
    assert variant.roots is not None
    assert set(variant.roots) >= {root for root in roots if root}
