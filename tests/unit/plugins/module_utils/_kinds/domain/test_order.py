# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest gets later stands where libvirt's schema looks for it, whatever two options come together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.schema import empty_host
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN, ORDER
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, defined, observed, plan_one

BASE = {"name": "n", "virt": "qemu", "memory": "64MiB"}

OPTIONS: dict[str, Any] = {
    "title": "t",
    "description": "d",
    "metadata": ['<a xmlns="http://x/1"/>'],
    "genid": "43dc0cf8-809b-4adb-9bea-a9abb5f3d90e",
    "max_memory": None,
    "cpu": {"mode": "maximum"},
    "clock": {"timers": [{"name": "hpet", "present": False}]},
    "on_crash": "preserve",
    "on_lockfailure": "pause",
    "iothreads": 2,
    "iothreadids": [{"id": 1}],
    "memory_backing": {"locked": True},
    "cputune": {"shares": 512},
    "numatune": {"mode": "strict", "nodeset": "0"},
    "memtune": {"hard_limit": "1GiB"},
    "blkiotune": {"weight": 200},
    "resource": {"partition": "/machine"},
    "pm": {"suspend_to_mem": True},
    "perf": {"cmt": False},
    "seclabels": [{"model": "dac", "type": "none"}],
    "vcpus": 2,
    "current_memory": "32MiB",
    "qemu": {"args": ["-name"]},
    "sysinfo": [{"type": "smbios", "bios": {"vendor": "L"}}],
    "os": {"bios": {"useserial": True}},
    "features": {"pae": True},
    "kernel": "/k",
    "bootloader": "/b",
    "keywrap": {"aes": True},
}
OPTIONS = {name: value for name, value in OPTIONS.items() if value is not None}
PAIRS = list(itertools.combinations(OPTIONS, 2))


@pytest.fixture(scope="module")
def host() -> Iterator[Any]:
    """A host in memory, whose libvirt has the schema of all."""
    with empty_host() as connection:
        yield connection


@pytest.fixture(scope="module")
def kept(host: Any) -> str:
    """A guest with next to nothing, as libvirt keeps it."""
    text = defined(plan_one(DOMAIN, None, BASE, EMULATING_HOST))
    found = host.defineXML(text.replace('type="qemu"', 'type="test"'))
    return str(found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)).replace("<domain type='test'", "<domain type='qemu'")


def refused(host: Any, text: str) -> str | None:
    """What libvirt's schema has against a definition."""
    try:
        host.defineXMLFlags(text.replace('type="qemu"', 'type="test"', 1), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    except libvirt.libvirtError as error:
        return str(error) if error.get_error_code() == libvirt.VIR_ERR_XML_INVALID_SCHEMA else None
    return None


@pytest.mark.parametrize("first", OPTIONS)
def test_any_two_options_can_be_added_to_a_guest(host: Any, kept: str, first: str) -> None:
    for _first, second in (pair for pair in PAIRS if pair[0] == first):
        item = {"name": "n", first: OPTIONS[first], second: OPTIONS[second]}
        text = defined(plan_one(DOMAIN, observed(kept), item, EMULATING_HOST))
        assert refused(host, text) is None, second


def test_all_options_can_be_added_to_a_guest(host: Any, kept: str) -> None:
    for have in (observed(kept), None):
        item = {**OPTIONS, "name": "n"} if have is not None else {**BASE, **OPTIONS}
        assert refused(host, defined(plan_one(DOMAIN, have, item, EMULATING_HOST))) is None


def test_every_element_of_the_table_has_a_place() -> None:
    tops = {path.partition("/")[0].partition("@")[0] for row in DOMAIN.rows for path in row.places}
    assert {top for top in tops if top and ":" not in top} - {"."} <= set(ORDER)
