# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the normal form, one by one: what each takes for the same, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import (
    console,
    definition,
    device,
    dropped,
    filled,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical


def same(one: ET.Element, other: str) -> None:
    assert canonical(one) == canonical(ET.fromstring(other))


def after(rule: Callable[[ET.Element], object], text: str) -> ET.Element:
    root = ET.fromstring(text)
    rule(root)
    return root


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("<seclabel/>", None),
        ("<seclabel model='selinux'/>", None),
        ("<seclabel type='dynamic'/>", None),
        ("<seclabel type='dynamic' relabel='yes'/>", None),
        ("<seclabel type='dynamic' relabel='no'/>", "<seclabel type='dynamic' relabel='no'/>"),
        ("<seclabel type='dynamic' model='dac'/>", "<seclabel type='dynamic' model='dac' relabel='yes'/>"),
        ("<seclabel type='static' model='dac'/>", "<seclabel type='static' model='dac' relabel='no'/>"),
        ("<seclabel type='static'/>", "<seclabel type='static'/>"),
        ("<seclabel type='none'/>", "<seclabel type='none'/>"),
        ("<seclabel type='none' model='dac'/>", "<seclabel type='none' model='dac'/>"),
        ("<seclabel type='none' model='dac' relabel='no'/>", "<seclabel type='none' model='dac' relabel='no'/>"),
        (
            "<seclabel type='dynamic'><label>a</label><imagelabel>b</imagelabel><baselabel>c</baselabel></seclabel>",
            "<seclabel type='dynamic'><baselabel>c</baselabel></seclabel>",
        ),
        (
            "<seclabel type='static' model='dac'><label>a</label><imagelabel>b</imagelabel></seclabel>",
            "<seclabel type='static' model='dac' relabel='no'><label>a</label></seclabel>",
        ),
        ("<seclabel type='dynamic'><label>a</label></seclabel>", None),
    ],
)
def test_a_label_that_libvirt_gives_by_itself_is_none(before: str, left: str | None) -> None:
    root = ET.fromstring(f"<domain>{before}</domain>")
    definition.label(root, root[0])
    same(root, f"<domain>{left or ''}</domain>")


def test_of_the_elements_in_metadata_the_first_of_each_namespace_stays() -> None:
    text = "<domain><metadata>{}</metadata></domain>"
    a, b, c = "<x xmlns='urn:a' n='1'/>", "<x xmlns='urn:b'/>", "<x xmlns='urn:c'/>"
    again = "<y xmlns='urn:a'/>"
    same(after(definition.documents, text.format(a + b + again + "<z/>" + c)), text.format(a + b + c))


@pytest.mark.parametrize(
    ("attributes", "listen", "found"),
    [
        ("type='spice'", "", "no"),
        ("type='spice'", "<listen type='address'/>", "no"),
        ("type='spice'", "<listen type='socket'/>", None),
        ("type='spice' port='0' tlsPort='0'", "", "no"),
        ("type='spice' port='-1'", "", None),
        ("type='spice' tlsPort='5901'", "", None),
        ("type='spice' autoport='yes'", "", "yes"),
        ("type='vnc'", "", None),
        ("type='vnc' port='0'", "<listen type='address'/>", None),
    ],
)
def test_a_spice_display_without_a_port_listens_nowhere(attributes: str, listen: str, found: str | None) -> None:
    node = after(dropped.display, f"<graphics {attributes}>{listen}</graphics>")
    assert node.get("autoport") == found


def test_what_only_a_password_or_an_address_has_is_left_out() -> None:
    for secret in ("", "passwd='x'"):
        node = after(dropped.display, f"<graphics type='vnc' {secret} passwdValidTo='t' connected='keep'/>")
        assert {"passwdValidTo", "connected"} & set(node.attrib) == (
            {"passwdValidTo", "connected"} if secret else set()
        )
    for kind, there in (("address", True), ("socket", False), ("network", False)):
        node = after(dropped.display, f"<graphics type='vnc' listen='a'><listen type='{kind}'/></graphics>")
        assert ("listen" in node.attrib) is there
    node = after(
        dropped.display,
        "<graphics type='vnc' defaultMode='any'><channel name='main' mode='any'/>"
        "<channel name='main' mode='secure'/></graphics>",
    )
    same(node, "<graphics type='vnc'><channel name='main' mode='secure'/></graphics>")
    assert after(dropped.display, "<graphics type='vnc' defaultMode='secure'/>").get("defaultMode") == "secure"


ANY = "<listen type='address'/>"
ONE = "<listen type='address' address='::1'/>"


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("<graphics type='vnc'/>", f"<graphics type='vnc' autoport='yes'>{ANY}</graphics>"),
        ("<graphics type='vnc' listen='::1'/>", f"<graphics type='vnc' listen='::1' autoport='yes'>{ONE}</graphics>"),
        (
            f"<graphics type='vnc'>{ONE}</graphics>",
            f"<graphics type='vnc' listen='::1' autoport='yes'>{ONE}</graphics>",
        ),
        (f"<graphics type='vnc'>{ANY}</graphics>", f"<graphics type='vnc' autoport='yes'>{ANY}</graphics>"),
        (
            f"<graphics type='vnc' listen='::2'>{ONE}</graphics>",
            f"<graphics type='vnc' listen='::2' autoport='yes'>{ONE}</graphics>",
        ),
        (
            "<graphics type='vnc'><listen type='network' address='::1'/></graphics>",
            "<graphics type='vnc' autoport='yes'><listen type='network' address='::1'/></graphics>",
        ),
        ("<graphics type='vnc' port='5900'/>", f"<graphics type='vnc' port='5900'>{ANY}</graphics>"),
        ("<graphics type='spice' tlsPort='5901'/>", f"<graphics type='spice' tlsPort='5901'>{ANY}</graphics>"),
        (
            "<graphics type='rdp' port='-1' autoport='no'/>",
            f"<graphics type='rdp' port='-1' autoport='no'>{ANY}</graphics>",
        ),
        ("<graphics type='vnc' socket='/s'/>", "<graphics type='vnc' socket='/s'/>"),
        ("<graphics type='sdl'/>", "<graphics type='sdl'/>"),
    ],
)
def test_where_a_display_listens(before: str, left: str) -> None:
    same(after(filled.listening, before), left)


def test_a_controller_that_begins_at_its_first_port_says_nothing_of_it() -> None:
    for master, stays in (("<master/>", False), ("<master startport='0'/>", False), ("<master startport='2'/>", True)):
        node = after(device.controller, f"<controller type='usb' model='ich9-uhci1'>{master}</controller>")
        assert (len(node) == 1) is stays
        assert node.get("model") == "ich9-uhci1"
    for model in ("auto", "default"):
        assert "model" not in after(device.controller, f"<controller model='{model}'/>").attrib


def test_consoles_are_numbered_in_their_order() -> None:
    target = "<console type='pty'><target type='virtio'{}/></console>"
    text = "<domain><os><type>{}</type></os><devices>{}</devices></domain>"
    before = target.format("") + target.format(" port='7'") + "<console type='pty'/>"
    numbered = target.format(" port='0'") + target.format(" port='1'") + "<console type='pty'/>"
    same(after(console.consoles, text.format("hvm", before)), text.format("hvm", numbered))
    same(after(console.consoles, text.format("xen", before)), text.format("xen", before))


@pytest.mark.parametrize(
    ("memory", "kept"),
    [("1", "1"), ("2", "2"), ("3", "4"), ("4", "4"), ("5", "8"), ("65535", "65536"), ("65536", "65536"), ("0", "0")],
)
@pytest.mark.parametrize("name", ["ram", "vram"])
def test_the_memory_of_a_graphics_card_is_a_power_of_two(name: str, memory: str, kept: str) -> None:
    card = ET.fromstring(f"<video><model type='qxl' {name}='{memory}' vgamem='3' primary='no'/></video>")
    device.video(card)
    model = card.find("model")
    assert model is not None
    assert model.attrib == {"type": "qxl", name: kept, "vgamem": "3"}
