# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which documents are held against libvirt's schema."""

from __future__ import annotations

from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.schema import shape
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.define_batch import MANY, Definitions
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of

WEB = """<domain type="qemu"><name>web1</name><uuid>61496820-b84f-5b91-b64d-b22cce6bff00</uuid><title>one</title>
<metadata><x:y xmlns:x="urn:x">1</x:y></metadata><memory unit="KiB">1048576</memory><vcpu>2</vcpu>
<os><type machine="q35">hvm</type><boot dev="hd" /></os><devices>
<disk type="file"><driver name="qemu" type="qcow2" /><source file="/a/web1.qcow2" /><target bus="virtio" dev="vda" />
<serial>D1</serial><address type="pci" domain="0x0000" bus="0x03" slot="0x1f" function="0x2" /></disk>
<interface type="network"><source network="default" /><mac address="52:54:02:02:91:af" /><model type="e1000" />
</interface>
</devices></domain>"""
OTHER = {
    "web1": "db7",
    "61496820": "0dbf91f7",
    ">one<": ">the first &amp; only<",
    ">1<": "><x:z>5</x:z><",
    ">1048576<": ">2097152<",
    ">2<": ">16<",
    '"vda"': '"vdc"',
    ">D1<": ">serial<",
    '"0x03"': '"0x1"',
    '"0x1f"': '"0x02"',
    '"default"': '"lan"',
    "52:54:02:02:91:af": "52:54:62:bd:53:82",
}


class Connection:
    """Takes note of what is defined, and refuses what has a word in it where it is to be checked."""

    def __init__(self) -> None:
        self.checked: list[bool] = []

    def defineXMLFlags(self, document: str, flags: int) -> None:  # noqa: N802
        self.checked.append(flags == libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
        if self.checked[-1] and "wrong" in document:
            raise libvirt.libvirtError("XML document failed to validate against schema")


def define(*documents: str) -> list[bool]:
    """Define documents in one run; which of them were checked."""
    connection, definitions = Connection(), Definitions()
    for document in documents:
        try:
            definitions.define(connection, "web1", Step("define", document), None)
        except libvirt.libvirtError:
            assert "wrong" in document
    return connection.checked


def other() -> str:
    """The same guest with another value of everything that is free."""
    document: Any = WEB
    for old, new in OTHER.items():
        assert old in document
        document = document.replace(old, new)
    return str(document)


def test_names_places_and_numbers_make_no_other_shape() -> None:
    assert shape(other()) == shape(WEB)
    assert define(WEB, other(), WEB) == [True, False, False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('type="e1000"', 'type="virtio"'),
        ('dev="hd"', 'dev="cdrom"'),
        ('machine="q35"', 'machine="pc"'),
        ('type="qcow2"', 'type="raw"'),
        ('type="file"', 'type="block"'),
        ('"/a/web1.qcow2"', '"web1.qcow2"'),
        ('name="qemu"', 'name="qemu" cache="none"'),
        ("<vcpu>", '<vcpu placement="static">'),
        ("<serial>D1</serial>", "<readonly />"),
        (">2<", ">two<"),
        ('unit="KiB"', 'unit="MiB"'),
    ],
)
def test_what_the_schema_knows_makes_another(old: str, new: str) -> None:
    assert old in WEB
    assert define(WEB, WEB.replace(old, new)) == [True, True]


def test_what_was_found_wrong_answers_for_nothing() -> None:
    wrong = WEB.replace("virtio", "wrong")
    assert define(wrong, WEB, wrong, other().replace("virtio", "wrong")) == [True, True, True, True]


def test_each_run_checks_anew() -> None:
    assert define(WEB) == define(WEB) == [True]


def numbered(count: int, bad: int | None = None) -> list[Plan]:
    """So many guests alike, of which one may be wrong."""
    plans = []
    for number in range(count):
        document = WEB.replace("web1", f"web{number}")
        document = document.replace("virtio", "wrong") if number == bad else document
        plans.append(plan_of("domain", f"web{number}", Step("define", document), Step("start")))
    return plans


def test_many_are_defined_ahead_of_their_turn_and_each_but_once() -> None:
    connection, definitions, plans = Connection(), Definitions(), numbered(MANY)
    definitions.ahead(connection, plans)
    assert sorted(connection.checked) == [False] * (MANY - 1) + [True]
    for plan in plans:
        definitions.define(connection, plan.name, plan.steps[0], None)
    assert len(connection.checked) == MANY
    definitions.define(connection, "web0", plans[0].steps[0], None)
    assert len(connection.checked) == MANY + 1


def test_what_libvirt_refuses_ahead_is_said_in_its_turn() -> None:
    connection, definitions, plans = Connection(), Definitions(), numbered(MANY, bad=3)
    definitions.ahead(connection, plans)
    for plan in plans:
        if plan.name == "web3":
            with pytest.raises(libvirt.libvirtError):
                definitions.define(connection, plan.name, plan.steps[0], None)
        else:
            definitions.define(connection, plan.name, plan.steps[0], None)


def test_few_and_what_has_to_come_later_wait_for_their_turn() -> None:
    connection, definitions = Connection(), Definitions()
    definitions.ahead(connection, numbered(MANY - 1))
    later = numbered(MANY)
    for plan in later:
        plan.steps.add(StepPlace.NEEDED, Step("make_volume"))
    definitions.ahead(connection, later)
    assert connection.checked == []
