# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running guest would not take: check mode and later runs tell the same, until it starts anew or takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import live
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.domain_actions import ACTIONS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live import refusals
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.namespaces import OWN

Run = Callable[..., dict[str, Any]]

GUEST: dict[str, Any] = {"name": "g", "memory": "64MiB", "interfaces": [], "state": "running"}
MORE = {**GUEST, "interfaces": [{"network": "default", "mac": "52:54:00:00:00:01"}]}
REASON = "attach_device: no room"


def told(result: dict[str, Any]) -> tuple[Any, ...]:
    """What a run or a check tells."""
    return result["changed"], result["changes"], result["pending_restart"], result["warnings"]


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let nothing come to what runs. Returns the names of the guests that were asked."""
    names: list[str] = []

    def refuse(connection: Any, name: str, step: Any, options: Any) -> None:
        names.append(name)
        error = libvirt.libvirtError("no room")
        error.err = (libvirt.VIR_ERR_INTERNAL_ERROR, 0, "no room", 0, "", None, None, 0, 0)
        raise error

    monkeypatch.setitem(ACTIONS, "attach_device", refuse)
    return names


def test_what_was_refused_is_told_alike_from_then_on(run_domains: Run, connection: Any, tries: list[str]) -> None:
    run_domains(GUEST)
    first = run_domains(MORE)
    assert [change["live"] for change in first["changes"]] == [False]
    for _again in range(2):
        said, done = run_domains(MORE, check=True), run_domains(MORE)
        assert told(said) == told(done)
        assert (done["changed"], done["pending_restart"]) == (False, first["pending_restart"])
    assert len(tries) == 3
    assert list(first["pending_restart"][0]["reasons"].values()) == [REASON]


def test_what_comes_at_last_is_a_change(run_domains: Run, connection: Any, tries: list[str]) -> None:
    guest = {"name": "g", "memory": "64MiB", "vcpus": 2, "current_vcpus": 1, "state": "running"}
    run_domains(guest)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(ACTIONS, "set_vcpus", ACTIONS["attach_device"])
        assert run_domains({**guest, "current_vcpus": 2})["pending_restart"] != []
    said = run_domains({**guest, "current_vcpus": 2}, check=True)
    assert (said["changed"], [entry["paths"] for entry in said["pending_restart"]]) == (False, [["current_vcpus"]])
    result = run_domains({**guest, "current_vcpus": 2})
    assert [(change["path"], change["live"]) for change in result["changes"]] == [("current_vcpus", True)]
    assert result["pending_restart"] == []
    assert told(run_domains({**guest, "current_vcpus": 2}, check=True)) == (False, [], [], [])


def test_the_note_is_gone_with_what_runs(run_domains: Run, connection: Any, tries: list[str]) -> None:
    run_domains(GUEST)
    run_domains(MORE)
    domain = connection.lookupByName("g")
    assert refusals.REFUSED in domain.XMLDesc(0)
    assert refusals.REFUSED not in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain.destroy()
    run_domains(MORE)
    assert refusals.REFUSED not in domain.XMLDesc(0)
    assert told(run_domains(MORE, check=True)) == (False, [], [], [])


def test_a_restart_that_the_user_wants_brings_it(run_domains: Run, connection: Any, tries: list[str]) -> None:
    run_domains(GUEST)
    run_domains(MORE)
    said = run_domains(MORE, check=True, on_restart_needed="restart")
    done = run_domains(MORE, on_restart_needed="restart")
    assert [change["path"] for change in said["changes"]] == ["restart"]
    assert told(said) == told(done)
    assert told(run_domains(MORE, on_restart_needed="restart")) == (False, [], [], [])


def test_a_note_counts_as_long_as_the_guest_has_the_same_devices(
    run_domains: Run, connection: Any, tries: list[str]
) -> None:
    run_domains(GUEST)
    run_domains(MORE)
    root = ET.fromstring(connection.lookupByName("g").XMLDesc(0))
    other = ET.fromstring(ET.tostring(root))
    device = other.find("devices")
    assert device is not None
    device.append(ET.fromstring("<interface><alias name='net7'/></interface>"))
    assert list(refusals.taken_out(root).values()) == [REASON]
    assert refusals.taken_out(other) == {}
    assert root.find("metadata/{https://virtfleet.github.io/kvm/1/refused}refused") is None


def test_the_note_is_no_metadata_that_anybody_declares(run_domains: Run, connection: Any, tries: list[str]) -> None:
    run_domains({**GUEST, "metadata": []})
    run_domains({**MORE, "metadata": []})
    again = run_domains({**MORE, "metadata": []}, check=True)
    assert [entry["paths"] for entry in again["pending_restart"]] == [["interfaces[0]"]]


def test_a_note_that_somebody_has_changed_says_nothing() -> None:
    assert refusals.read("nonsense!") == {}
    assert refusals.read("W10=") == {}


def test_a_guest_that_stops_over_a_change_has_failed_and_waits_for_nothing(
    run_domains: Run, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(connection: Any, name: str, step: Any, options: Any) -> None:
        connection.lookupByName(name).destroy()
        error = libvirt.libvirtError("End of file from qemu monitor")
        error.err = (libvirt.VIR_ERR_SYSTEM_ERROR, 0, "End of file from qemu monitor", 0, "", None, None, 0, 0)
        raise error

    guest = {"name": "g", "memory": "64MiB", "vcpus": 2, "current_vcpus": 1}
    run_domains({**guest, "state": "running"})
    monkeypatch.setitem(ACTIONS, "set_vcpus", crash)
    result = run_domains({**guest, "current_vcpus": 2}, fails=True)
    assert "domain g: set_vcpus: End of file from qemu monitor; it ran until then, and has stopped now" in result["msg"]
    assert result["pending_restart"] == []
    assert [(change["path"], change["live"]) for change in result["changes"]] == [("current_vcpus", None)]


def test_metadata_reaches_what_runs(run_domains: Run, connection: Any) -> None:
    first = ["<x:y xmlns:x='http://a' x:c='1'><x:z/><q:r xmlns:q='http://b'/></x:y>", "<w xmlns='http://c'/>"]
    for texts in ([], first, [first[0], "<w xmlns='http://c'>7</w>"], ["<w xmlns='http://c'>7</w>"], []):
        said = run_domains({**GUEST, "metadata": texts}, check=True)
        done = run_domains({**GUEST, "metadata": texts})
        assert told(said) == told(done)
        assert (done["pending_restart"], said["changed"]) == ([], True)
        assert told(run_domains({**GUEST, "metadata": texts}, check=True)) == (False, [], [], [])
        root = ET.fromstring(connection.lookupByName("g").XMLDesc(0))
        spaces = {node.tag.partition("}")[0][1:] for node in root.findall("metadata/*")} - {OWN}
        assert len(spaces) == len(texts)


def test_what_libvirt_took_and_did_not_take_over_waits(
    run_domains: Run, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = {"name": "g", "memory": "64MiB", "vcpus": 2, "current_vcpus": 1, "state": "running"}
    run_domains(guest)
    monkeypatch.setitem(ACTIONS, "set_vcpus", lambda connection, name, step, options: None)
    first = run_domains({**guest, "current_vcpus": 2})
    assert [(change["path"], change["live"]) for change in first["changes"]] == [("current_vcpus", False)]
    assert first["pending_restart"][0]["reasons"] == {"current_vcpus": live.IGNORED}
    said, done = run_domains({**guest, "current_vcpus": 2}, check=True), run_domains({**guest, "current_vcpus": 2})
    assert told(said) == told(done) == (False, [], first["pending_restart"], first["warnings"])
