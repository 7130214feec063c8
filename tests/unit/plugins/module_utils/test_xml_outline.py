# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of XML that a user writes only names are shown; and that a value changes is seen all the same."""

from __future__ import annotations

import html
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _own_secrets, _xml_outline
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import report
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import parse_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import message_of
from ansible_collections.virtfleet.kvm.tests.unit.support import changes, defined, observed, plan_one

SECRET = "hunter2hunter2"
QEMU = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
JSON = html.escape('{"qom-type":"secret","id":"s","data":"$"}')
PIECES = [
    f"<qemu:commandline {QEMU}><qemu:arg value='-object'/><qemu:arg value='{JSON}'/></qemu:commandline>",
    f"<qemu:commandline {QEMU}><qemu:env name='A' value='$'/></qemu:commandline>",
    f"<qemu:commandline {QEMU}><qemu:env value='$' name='A'/></qemu:commandline>",
    "<sysinfo type='fwcfg'><entry name='opt/com.example/x'>$</entry></sysinfo>",
    "<devices><password value='$'/></devices>",
    "<devices><disk><source><cookie name='a'><![CDATA[$]]></cookie></source></disk></devices>",
    "<devices><graphics type='vnc' passwd='$'/></devices>",
    "<description>$</description>",
]


@pytest.mark.parametrize("xml", PIECES)
def test_no_value_of_xml_is_shown_in_changes(xml: str) -> None:
    guest = {"name": "x", "memory": "1GiB"}
    for config, have in (
        ({**guest, "xml": xml.replace("$", SECRET)}, None),
        ({"name": "x", "xml": xml.replace("$", SECRET)}, observed(defined(plan_one(DOMAIN, None, guest)))),
    ):
        plan = plan_one(DOMAIN, have, config)
        assert SECRET in defined(plan)
        told = report.result([plan])
        assert told["changed"]
        assert SECRET not in str(told)
        assert "xml" in str(told["changes"])


def test_a_value_that_changes_is_seen() -> None:
    guest = {"name": "x", "memory": "1GiB"}
    old = defined(plan_one(DOMAIN, None, {**guest, "xml": "<a b='one'>two</a>"}))
    plan = plan_one(DOMAIN, observed(old), {"name": "x", "xml": "<a b='three'>four</a>"})
    assert changes(plan) == {
        "xml: a@b": ("(hidden)", "(hidden) (changed)"),
        "xml: a": ("(hidden)", "(hidden) (changed)"),
    }
    diff = report.diff(plan)
    assert diff["before"] != diff["after"]
    assert plan_one(DOMAIN, observed(defined(plan)), {"name": "x", "xml": "<a b='three'>four</a>"}).changes == []


def test_the_outline_of_xml() -> None:
    plan = plan_one(DOMAIN, None, {"name": "x", "memory": "1GiB", "xml": "<a b='1'><c/>\n<d>x</d></a><e/>"})
    (definition,) = [change for change in plan.changes if change.path == "definition"]
    assert definition.after["xml"] == '<a b="(hidden)"><c/><d>(hidden)</d></a><e/>'


@pytest.mark.parametrize(
    "wrong",
    ["<a>&$;</a>", "<a b='$'", "$", "<a>$", ["$"], 424242424242, "<a/>$"],
)
def test_no_value_of_wrong_xml_is_shown(wrong: Any) -> None:
    value = wrong.replace("$", SECRET) if isinstance(wrong, str) else wrong
    problems: list[Any] = []
    parse_rows(DOMAIN.rows, {"name": "a", "xml": value}, "", problems)
    (problem,) = problems
    assert str(problem).startswith("xml: ")
    assert SECRET not in str(problem)
    assert "4242" not in str(problem)


@pytest.mark.parametrize(
    "text",
    [
        "XML error: bad <graphics type='vnc' keymap='$'/> there",
        "(domain_definition):3: <entry name='opt/x'>$</entry>",
        "at line 3: <a b='$",
        "<a><![CDATA[$]]></a>",
        "<a><![CDATA[$",
        "<qemu:env name='A' value=\"$\"/>",
        "-----<b>$",
    ],
)
def test_no_value_of_xml_that_libvirt_quotes_is_shown(text: str) -> None:
    assert SECRET not in message_of(Exception(text.replace("$", SECRET)))


def test_what_libvirt_says_of_elements_stays() -> None:
    text = "XML error: missing <source> element, or only one of <os> and <a b/> in 'x'"
    assert message_of(Exception(text)) == text


def test_the_values_of_xml_are_looked_for_in_messages() -> None:
    for xml in (piece.replace("$", SECRET) for piece in PIECES):
        assert SECRET in _own_secrets.secrets_in([{"name": "a", "xml": xml}])
    assert _xml_outline.values_of("<a type='network'/>") == set()


DISK = "<devices><disk>{}</disk></devices>"
PLACE = "/srv/images/web-1:0, 2+a.qcow2"


@pytest.mark.parametrize("attribute", ["file", "dev", "path", "volume", "pool"])
def test_the_place_of_a_disk_is_no_secret(attribute: str) -> None:
    for quote in "'\"":
        xml = DISK.format(f"<source {attribute}={quote}{PLACE}{quote} index='7x7x7x7'/>")
        assert _own_secrets.secrets_in([{"xml": xml}]) == {"7x7x7x7"}
    item = {"xml": DISK.format(f"<source {attribute}='web-vda.qcow2'/>")}
    told = "its disk /var/lib/libvirt/images/web-vda.qcow2 stays"
    assert _own_secrets.hushed(told, _own_secrets.secrets_in([item])) == told


@pytest.mark.parametrize("path", ["/var/lib/libvirt/images/old.qcow2", "/var/lib/libvirt/boot/vmlinuz", "/srv/a/b.img"])
@pytest.mark.parametrize("piece", ["<os><kernel>$</kernel></os>", "<arg value='file=$,if=virtio'/>", "<a b='$'/>"])
def test_the_path_of_an_image_is_no_secret(piece: str, path: str) -> None:
    told = f"its disk {path} stays: it is used by the declared guest new"
    assert _own_secrets.hushed(told, _own_secrets.secrets_in([{"xml": piece.replace("$", path)}])) == told


@pytest.mark.parametrize(
    "piece",
    [
        "<source file='$'/><auth><secret usage='$'/></auth>",
        "<source file='$'/><graphics passwd='$'/>",
        "<source file='$'/><cookie>$</cookie>",
        "<source file='$'/><cookie><![CDATA[$]]></cookie>",
        "<source file='/x?sig=$'/>",
        "<source file='https://u:$@host/x'/>",
        "<source file='-object secret,data=$'/>",
        "<source name='$' protocol='https' query='$'/>",
        "<!-- <source file='x'/> --><password file='$'/>",
        "<password><![CDATA[<source file='$'/>]]></password>",
        "<description>&lt;source file='$'/&gt;</description>",
        "<source file='$'>$</source>",
        "<source file='$'",
        "<arg value='file=$'/>",
        "<env name='A' file='$'/>",
        "<password file='$'/>",
    ],
)
def test_what_only_looks_like_the_place_of_a_disk_stays_hidden(piece: str) -> None:
    for secret in (SECRET, f"/{SECRET}"):
        for item in (
            {"xml": piece.replace("$", secret)},
            {"name": "a", "xml": DISK.format(piece.replace("$", secret))},
        ):
            told = f"it says {secret} there"
            assert SECRET not in _own_secrets.hushed(told, _own_secrets.secrets_in([item]))


def test_what_libvirts_schema_says_of_xml() -> None:
    told = "Invalid attribute passwd for element graphics; value 'S3' and S3cret99 in S3cret99x"
    xml = "<graphics passwd='S3cret99' a='S3' b='graphics'/>"
    assert _xml_outline.without_values_of(told, xml) == (
        "Invalid attribute passwd for element graphics; value '(hidden)' and (hidden) in S3cret99x"
    )


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "Missing or invalid 'end' attribute in <port> in <nat> in <forward> element of network lab",
            "Missing or invalid 'end' attribute in <port> in <nat> in <forward> element of network lab",
        ),
        ("the <nat> element can only be used once", "the <nat> element can only be used once"),
        (
            "unsupported configuration: <vlan> element specified for network cn",
            "unsupported configuration: <vlan> element specified for network cn",
        ),
        (
            "Unsupported <mac> element in network cn with forward mode='bridge'",
            "Unsupported <mac> element in network cn with forward mode='bridge'",
        ),
        (
            "multiple <portgroup> elements with the same name (a) in network 'cn'",
            "multiple <portgroup> elements with the same name (a) in network 'cn'",
        ),
        (
            "A single <secret type='x'...> element is expected",
            "A single <secret type='(hidden)'...> element is expected",
        ),
        ("at line 1: <password>elements of 9", "at line 1: <password>(hidden)"),
        ("bad value in <env name='x'>hunter2", "bad value in <env name='(hidden)'>(hidden)"),
        ("at line 1: <password>hunter2", "at line 1: <password>(hidden)"),
        ("in <password>hunter2</password>", "in <password>(hidden)</password>"),
    ],
)
def test_a_sentence_that_names_elements_is_shown_whole(told: str, shown: str) -> None:
    assert _xml_outline.without_values(told) == shown


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("must be <model type='virtio'/>, not 'e1000'", "must be <model type='virtio'/>, not 'e1000'"),
        ("<port isolated='yes'/> is not supported", "<port isolated='yes'/> is not supported"),
        ("bad <graphics type='vnc' passwd='hunter'/>", "bad <graphics type='vnc' passwd='(hidden)'/>"),
        ("bad <a type='S3cret-1'/>", "bad <a type='(hidden)'/>"),
        ("bad <env name='type' value='hunter'/>", "bad <env name='(hidden)' value='(hidden)'/>"),
        ("bad <a passwd='type=' type='b c'/>", "bad <a passwd='(hidden)' type='(hidden)'/>"),
    ],
)
def test_the_words_of_libvirts_grammar_are_shown(told: str, shown: str) -> None:
    assert _xml_outline.without_values(told) == shown
