# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps CPUs and memory, each rule for itself."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import cpu


def kept(rule: Callable[[ET.Element], None], text: str) -> str:
    """What a rule makes of a definition."""
    root = ET.fromstring(f"<d>{text}</d>")
    rule(root)
    return "".join(ET.tostring(node, encoding="unicode") for node in root).replace('"', "'").replace(" />", "/>")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("<cpu mode='host-model'><model fallback='allow'/></cpu>", "<cpu mode='host-model'/>"),
        ("<cpu mode='maximum'><model> </model></cpu>", "<cpu mode='maximum'/>"),
        ("<cpu mode='host-passthrough'><model fallback='allow' vendor_id='x'/></cpu>",
         "<cpu mode='host-passthrough'><model vendor_id='x'/></cpu>"),
        ("<cpu mode='host-model'><model fallback='allow'>qemu64</model></cpu>", None),
        ("<cpu mode='custom'><model fallback='allow'/></cpu>", None),
        ("<cpu><model fallback='allow'/></cpu>", None),
    ],
)  # fmt: skip
def test_the_hosts_cpu_has_no_model_of_its_own(text: str, form: str | None) -> None:
    assert kept(cpu.model, text) == (form or text)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("<cpu/>", False),
        ("<cpu mode='custom'><model> </model></cpu>", False),
        ("<cpu mode='custom'><model>qemu64</model></cpu>", True),
        ("<cpu mode='host-model'/>", True),
    ],
)
def test_a_cpu_with_a_model(text: str, has: bool) -> None:
    assert cpu.has_model(ET.fromstring(text)) is has


def nodes(*cpus: str | None) -> str:
    cells = "".join("<cell/>" if each is None else f"<cell cpus='{each}'/>" for each in cpus)
    return f"<cpu><numa>{cells}</numa></cpu>"


@pytest.mark.parametrize(
    ("vcpus", "before", "after"),
    [
        ("<vcpu>8</vcpu>", nodes("0-1", "4-5"), nodes("0-3,6-7", "4-5")),
        ("<vcpu>4</vcpu>", nodes("0-1", "2-3"), nodes("0-1", "2-3")),
        ("<vcpu>4</vcpu>", nodes("0-5", "6"), nodes("0-5", "6")),
        ("<vcpu>4</vcpu>", nodes("0-1", None), nodes("0-1", None)),
        ("<vcpu>x</vcpu>", nodes("0-1", "4"), nodes("0-1", "4")),
        ("", nodes("0"), nodes("0")),
    ],
)
def test_cpus_of_no_node_are_of_the_first(vcpus: str, before: str, after: str) -> None:
    assert kept(cpu.cells, vcpus + before) == vcpus + after


def test_the_numbers_of_a_set() -> None:
    assert cpu.numbers("0-2,5,7-8,^8") == [0, 1, 2, 5, 7]


def distances(*cells: tuple[str, str]) -> dict[str, dict[str, str]]:
    """The distances of nodes once they are settled, by id."""
    found = "".join(f"<cell{name}>{inner}</cell>" for name, inner in cells)
    root = ET.fromstring(f"<d><cpu><numa>{found}</numa></cpu></d>")
    cpu.distances(root)
    return {
        cell.get("id", str(index)): {
            node.get("id", ""): node.get("value", "") for node in cell.findall("distances/sibling")
        }
        for index, cell in enumerate(root.iter("cell"))
    }


SIBLING = "<distances><sibling id='{}' value='{}'/></distances>"


def test_a_distance_holds_for_both_ways_unless_the_other_has_its_own() -> None:
    first, second = ("", SIBLING.format(1, 21)), (" id='1'", "")
    assert distances(first, second) == {"0": {"0": "10", "1": "21"}, "1": {"0": "21", "1": "10"}}
    second = (" id='1'", SIBLING.format(0, 31))
    assert distances(first, second) == {"0": {"0": "10", "1": "21"}, "1": {"0": "31", "1": "10"}}
    assert distances(("", ""), ("", "")) == {"0": {}, "1": {}}
    assert distances(("", SIBLING.format(0, 11)), ("", "")) == {"0": {"0": "11"}, "1": {}}
    assert distances(("", SIBLING.format(9, 21))) == {"0": {"0": "10", "9": "21"}}


def test_distances_are_in_the_order_of_the_nodes() -> None:
    many = [(f" id='{number}'", SIBLING.format(0, 20 + number) if number else "") for number in range(12)]
    assert list(distances(*many)["0"]) == [str(number) for number in range(12)]


CELLS = "<cpu><numa><cell memory='1024'/><cell memory='1' unit='MiB'/></numa></cpu>"
DIMM = "<devices><memory model='{}'><target><size>{}</size>{}</target></memory></devices>"
NAME = "<name>x</name>"


@pytest.mark.parametrize(
    ("text", "whole", "used"),
    [
        ("<memory>512</memory>", "512", "512"),
        ("<memory>512</memory><currentMemory>256</currentMemory>", "512", "256"),
        ("<memory>512</memory><currentMemory>1024</currentMemory>", "512", "512"),
        ("<memory>512</memory><currentMemory>0</currentMemory>", "512", "512"),
        (f"<memory>512</memory>{CELLS}", "2048", "2048"),
        (f"<memory>2</memory>{CELLS}{DIMM.format('dimm', 512, '')}", "2560", "2560"),
        (f"{CELLS}", "2048", "2048"),
        ("<memory>512</memory><cpu><numa><cell/><cell memory='1024'/></numa></cpu>", "512", "512"),
        (f"<memory>512</memory>{CELLS}<devices><memory/></devices>", "512", "512"),
        (f"<memory>512</memory>{DIMM.format('dimm', 512, '')}", "512", "512"),
        ("", None, None),
    ],
)
def test_the_memory_is_that_of_all_nodes_and_devices(text: str, whole: str | None, used: str | None) -> None:
    root = ET.fromstring(f"<d>{NAME}{text}</d>")
    cpu.memory(root)
    assert (root.findtext("memory"), root.findtext("currentMemory")) == (whole, used)
    assert whole is None or [node.tag for node in root][1:3] in (["memory", "currentMemory"], ["memory", "cpu"])


BLOCK = cpu.BLOCK // 1024


@pytest.mark.parametrize(
    ("arch", "model", "have", "label", "size"),
    [
        ("ppc64le", "dimm", BLOCK + 1, "", 2 * BLOCK),
        ("ppc64", "dimm", BLOCK, "", BLOCK),
        ("ppc64le", "nvdimm", BLOCK + 129, "<label><size>128</size></label>", BLOCK + 128),
        ("ppc64le", "nvdimm", BLOCK + 1, "", BLOCK),
        # Nothing would be left of it.
        ("ppc64le", "nvdimm", BLOCK - 1, "", BLOCK - 1),
        ("x86_64", "dimm", BLOCK + 1, "", BLOCK + 1),
    ],
)
def test_memory_devices_on_power_come_in_whole_blocks(arch: str, model: str, have: int, label: str, size: int) -> None:
    root = ET.fromstring(f"<d><os><type arch='{arch}'>hvm</type></os>{DIMM.format(model, have, label)}</d>")
    cpu.memory(root)
    assert root.findtext("devices/memory/target/size") == str(size)


PIN = "<vcpupin vcpu='{}' cpuset='1'/>"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"<vcpu>2</vcpu><cputune>{PIN.format(1)}{PIN.format(2)}</cputune>",
         f"<vcpu>2</vcpu><cputune>{PIN.format(1)}</cputune>"),
        (f"<vcpu>2</vcpu><cputune>{PIN.format(2)}</cputune>", "<vcpu>2</vcpu>"),
        ("<cputune/>", ""),
        ("<vcpu>2</vcpu>", "<vcpu>2</vcpu>"),
        (f"<vcpu>x</vcpu><cputune>{PIN.format(9)}</cputune>", f"<vcpu>x</vcpu><cputune>{PIN.format(9)}</cputune>"),
        (f"<cputune>{PIN.format(1)}</cputune>", ""),
    ],
)  # fmt: skip
def test_cpus_that_are_not_there_cannot_be_pinned(text: str, form: str) -> None:
    assert kept(cpu.tuning, text) == form


SCHED = "<{0}sched {0}s='{1}' scheduler='{2}'/>"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (SCHED.format("vcpu", "0", "fifo") + SCHED.format("vcpu", "1-2", "fifo"), SCHED.format("vcpu", "0-2", "fifo")),
        (SCHED.format("vcpu", "0", "fifo") + SCHED.format("vcpu", "1", "rr"), None),
        (SCHED.format("iothread", "3", "rr") + SCHED.format("vcpu", "2", "rr") + SCHED.format("vcpu", "0", "rr"),
         SCHED.format("iothread", "3", "rr") + SCHED.format("vcpu", "0,2", "rr")),
        (SCHED.format("vcpu", "x", "fifo") + SCHED.format("vcpu", "1", "fifo"), None),
        (SCHED.format("vcpu", "3", "rr") + SCHED.format("vcpu", "1", "fifo") + SCHED.format("vcpu", "2", "rr") + "<x/>",
         SCHED.format("vcpu", "1", "fifo") + SCHED.format("vcpu", "2-3", "rr") + "<x/>"),
    ],
)  # fmt: skip
def test_schedulers_that_say_the_same_are_one(text: str, form: str | None) -> None:
    assert kept(cpu.schedulers, f"<cputune>{text}</cputune>") == f"<cputune>{form or text}</cputune>"


IDS = "<iothreadids>{}</iothreadids>"
ONE = "<iothread id='{}'/>"


@pytest.mark.parametrize(
    ("text", "ids", "count"),
    [
        ("<iothreads>3</iothreads>" + IDS.format(ONE.format(2)), ["2", "1", "3"], "3"),
        ("<iothreads>1</iothreads>" + IDS.format(ONE.format(2)), ["2"], "1"),
        ("<iothreads>1</iothreads>" + IDS.format(ONE.format(2) + ONE.format(4)), ["2", "4"], "2"),
        (IDS.format(ONE.format(2)), ["2"], "1"),
        ("<iothreads>2</iothreads>" + IDS.format(""), [], "2"),
        ("<iothreads>2</iothreads>", [], "2"),
        ("<iothreads>x</iothreads>" + IDS.format(ONE.format(2)), ["2"], "x"),
    ],
)
def test_threads_without_a_number_get_the_lowest_free_ones(text: str, ids: list[str], count: str) -> None:
    root = ET.fromstring(f"<d>{text}</d>")
    cpu.iothreads(root)
    assert [node.get("id") for node in root.iter("iothread")] == ids
    assert root.findtext("iothreads") == count
