# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault 29: what is misspelt in XML by hand is refused by libvirt's own schema, before anything is touched."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from .conftest import URI, Run

WRONG = {
    "domains": (
        {"name": "web01", "memory": "64MiB"},
        "<devices><dsik/></devices>",
        "<memoryBacking><nosharepages/></memoryBacking>",
    ),
    "networks": ({"name": "lan", "bridge": "virbr5"}, "<domian name='x'/>", "<domain name='x.example'/>"),
    "pools": ({"name": "images", "target": "/srv/images"}, "<taget/>", "<features><cow state='no'/></features>"),
    "volumes": (
        {"name": "a.raw", "pool": "default-pool", "capacity": "1MiB"},
        "<target><compatt/></target>",
        "<target><timestamps><atime>1</atime></timestamps></target>",
    ),
}


NAMED = {
    "domains": "<dsik> in <devices>",
    "networks": "<domian>",
    "pools": "<taget>",
    "volumes": "<compatt> in <target>",
}


@pytest.mark.parametrize("module", WRONG)
@pytest.mark.parametrize("check", [True, False])
def test_a_misspelt_element(module: str, check: bool, connection: Any, run_main: Run) -> None:
    item, misspelt, right = WRONG[module]
    main = import_module(f"ansible_collections.virtfleet.kvm.plugins.modules.{module}").main
    config = [{**item, "xml": right}, {**item, "name": "other", "xml": misspelt}]
    said = run_main(main, config=config, uri=URI, check=check, fails=True)["msg"]
    assert said.startswith("nothing was changed, the input is refused:")
    (line,) = [line for line in said.splitlines() if ": xml: " in line]
    assert f"other: xml: {NAMED[module]}: libvirt's schema does not take it here" in line
    assert run_main(main, config=[{**item, "xml": right}], uri=URI)["changed"]


@pytest.mark.parametrize(
    ("xml", "named"),
    [
        ("<devices><pm><suspend-to-disk enabled='no'/></pm></devices>", "<pm> in <devices>"),
        ("<devices>hunter2<sound model='ich9'/></devices>", "the text in <devices>"),
        ("<pm><suspend-to-mem enabled='hunter2'/></pm>", "enabled of <suspend-to-mem>"),
        ("<title>a</title><blkiotune><wait>5</wait></blkiotune>", "<wait> in <blkiotune>"),
        ("<?xml version='1.0'?><domain><pm><suspend-to-mum/></pm></domain>", "<suspend-to-mum> in <pm>"),
    ],
)
def test_the_part_of_xml_that_is_wrong_is_named(connection: Any, run_domains: Run, xml: str, named: str) -> None:
    said = run_domains({"name": "q", "memory": "64MiB", "xml": xml}, fails=True)["msg"]
    assert f"domain q: xml: {named}: libvirt's schema does not take it here" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("module", WRONG)
def test_the_question_leaves_no_trace(module: str, connection: Any, run_main: Run, snapshot: Any) -> None:
    item, _misspelt, right = WRONG[module]
    main = import_module(f"ansible_collections.virtfleet.kvm.plugins.modules.{module}").main
    before = snapshot(), [pool.name() for pool in connection.listAllStoragePools()]
    run_main(main, config=[{**item, "xml": right}], uri=URI, check=True)
    assert (snapshot(), [pool.name() for pool in connection.listAllStoragePools()]) == before


WRONG_OPTIONS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "features": ({"features": {"capabilities": {"setuid": False}}}, ("features.capabilities.setuid",)),
    "index": (
        {"disks": [{"file": "/var/lib/x/a.raw", "format": "raw", "backing_chain": [{"index": 10}]}]},
        ("disks[0].backing_chain[0].index",),
    ),
    "number": ({"controllers": [{"type": "usb"}, {"type": "scsi", "ports": 4}]}, ("controllers[1].ports",)),
    "initdir": ({"os": {"initdir": "/a/../b"}}, ("os.initdir",)),
    "null": ({"disks": [{"type": "volume", "pool": "p", "volume": None}]}, ("disks[0].volume", "disks[0].pool")),
    "two of one option": (
        {"os": {"loader": {"path": "OVMF_CODE.fd"}, "nvram": {"path": "OVMF_VARS.fd"}}},
        ("os.loader.path", "os.nvram.path"),
    ),
    "two at once": (
        {"os": {"initdir": "/a/../b"}, "controllers": [{"type": "scsi", "ports": 4}], "title": "x"},
        ("os.initdir", "controllers[0].ports"),
    ),
}


@pytest.mark.parametrize("how", WRONG_OPTIONS)
def test_an_option_that_the_schema_does_not_take_is_named(
    how: str, connection: Any, run_domains: Run, snapshot: Any
) -> None:
    options, wrong = WRONG_OPTIONS[how]
    before = snapshot()
    config = ({"name": "q", "memory": "64MiB", **options}, {"name": "r", "memory": "64MiB"})
    said, done = (run_domains(*config, check=check, fails=True) for check in (True, False))
    assert said["failures"] == done["failures"]
    (failure,) = done["failures"]
    assert failure["domain"] == "q"
    assert failure["problem"].startswith(f"{', '.join(wrong)}: libvirt's schema does not take it here")
    connection.lookupByName("r").undefine()
    assert snapshot() == before


LEASED = {"start": "10.7.0.5", "end": "10.7.0.9", "lease": {"expiry": 1, "unit": "seconds"}}
READ: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "lease": (
        {"ips": [{"address": "10.7.0.1/24", "dhcp": {"ranges": [LEASED]}}]},
        ("ips[0].dhcp.ranges[0].lease",),
    ),
    "forwarder": ({"dns": {"forwarders": [{}]}}, ("dns.forwarders[0]",)),
    "port": (
        {"dns": {"srvs": [{"service": "a", "protocol": "tcp", "port": 0, "target": "x.y"}]}},
        ("dns.srvs[0].port",),
    ),
    "bandwidth": ({"bandwidth": {"inbound": {"peak": 100}}}, ("bandwidth.inbound.peak",)),
    "stp": ({"forward": "bridge", "bridge": "br0", "stp": True}, ("stp", "forward")),
}


@pytest.mark.parametrize("how", READ)
def test_what_libvirt_refuses_of_a_network_as_it_reads_it_is_named(
    how: str, connection: Any, run_networks: Run, snapshot: Any
) -> None:
    options, wrong = READ[how]
    before = snapshot()
    said, done = (
        run_networks({"name": "q", "bridge": "virbr7", **options}, check=check, fails=True) for check in (True, False)
    )
    assert said["failures"] == done["failures"]
    (failure,) = done["failures"]
    assert failure["problem"].startswith(f"{', '.join(wrong)}: libvirt refuses this: ")
    assert snapshot() == before


def test_a_definition_that_is_wrong_already_stops_no_other() -> None:
    from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
    from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.schema import validate
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.kind import DOMAINS
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
    from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of

    text = "<domain type='test'><name>q</name><memory>65536</memory><os><type>hvm</type></os>{}</domain>"
    plans = [
        plan_of("domain", "q", Step("define", text.format("<odd/>"))),
        plan_of("domain", "r", Step("define", text.format(""))),
    ]
    wants = DOMAIN.parse([{"name": name, "memory": "64MiB"} for name in ("q", "r")])
    validate(DOMAINS, plans, wants, "qemu+ssh://elsewhere/system")
    assert [plan.obstacle for plan in plans] == [None, None]
    validate(DOMAINS, plans, wants, "qemu:///system")
    assert str(plans[0].obstacle).startswith("define: XML document failed to validate against schema")
    assert plans[1].obstacle is None


def test_null_is_what_a_new_guest_gets(connection: Any, declare: Run) -> None:
    from ansible_collections.virtfleet.kvm.plugins.modules import domains

    assert declare(domains, {"name": "q", "memory": "64MiB", "virt": None})["changed"]


NOT_KEPT: dict[str, tuple[dict[str, Any], str]] = {
    "title": ({"title": ""}, "title: is empty, and no definition keeps that; leave it out, or write null"),
    "description": ({"description": " \n"}, "description: is empty"),
    "in a list": ({"os": {"initargs": ["a", ""]}}, "os.initargs[1]: is empty"),
    "spaces": ({"disks": [{"file": "/a", "serial": " a"}]}, "disks[0].serial: ' a' has space at its ends"),
}


@pytest.mark.parametrize("how", NOT_KEPT)
@pytest.mark.parametrize("check", [True, False])
def test_a_text_that_no_definition_keeps_is_refused(how: str, check: bool, connection: Any, run_domains: Run) -> None:
    options, words = NOT_KEPT[how]
    said = run_domains({"name": "q", "memory": "64MiB", **options}, check=check, fails=True)["msg"]
    assert f"domain q: {words}" in said
    assert [domain.name() for domain in connection.listAllDomains()] == ["test"]


STRANGERS: dict[str, tuple[dict[str, Any], str]] = {
    "parallels": (
        {"parallels": [{"host": "a"}]},
        "parallels[0].host: cannot be combined with 'type: pty', which a new one is: write type: ",
    ),
    "rngs": (
        {"rngs": [{"backend": {"tls": True}}]},
        "rngs[0].backend.tls: cannot be combined with 'model: random', which a new one is: write model: egd",
    ),
    "clock": (
        {"clock": {"timezone": "Europe/Rome"}},
        "clock.timezone: cannot be combined with 'offset: utc', which a new one is: write offset: timezone",
    ),
}


@pytest.mark.parametrize("how", STRANGERS)
@pytest.mark.parametrize("check", [True, False])
def test_an_option_of_another_kind_than_a_new_one_has_is_refused(
    how: str, check: bool, connection: Any, run_domains: Run
) -> None:
    options, words = STRANGERS[how]
    said = run_domains({"name": "q", "memory": "64MiB", **options}, check=check, fails=True)["msg"]
    assert f"domain q: {words}" in said
    assert [domain.name() for domain in connection.listAllDomains()] == ["test"]


def test_a_serial_number_that_the_schema_does_not_take_is_told_beside_one_that_it_takes(
    connection: Any, run_domains: Run
) -> None:
    def guest(name: str, serial: str) -> dict[str, Any]:
        return {"name": name, "memory": "64MiB", "disks": [{"file": f"/{name}.raw", "serial": serial}]}

    failures = run_domains(guest("a", "AB-1_2.c+"), guest("b", "a b/c"), check=True, fails=True)["failures"]
    assert [failure["domain"] for failure in failures] == ["b"]
    assert failures[0]["problem"].startswith("disks[0].serial: ")
