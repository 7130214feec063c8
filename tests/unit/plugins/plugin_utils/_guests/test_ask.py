# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that asks: it ends in time, tells what came until then, and needs no Python with Ansible in it."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import ask, program
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests.reach import Reach
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import guest, host, network, silent_server

ORDER = ask.Order(30.0, 5, ["lease", "agent", "arp"], ["*"])
MAC = "52:54:00:aa:00:01"


def asked(order: ask.Order = ORDER, interpreter: str = sys.executable, **uris: str) -> ask.Answers:
    return ask.ask({name: Reach(uri, None) for name, uri in uris.items()}, order, interpreter)


def test_an_answer(tmp_path: Path) -> None:
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC), guest("b", state="paused"))
    (answer,) = asked(kvm01=uri).values()
    assert answer["complete"] is True
    assert answer["problem"] is None
    assert answer["networks"] == {"default": {"forward": "nat", "bridge": "virbr122"}}
    assert {name: found["state"] for name, found in answer["guests"].items()} == {"a": "running", "b": "paused"}
    assert [found["source"] for found in answer["guests"]["a"]["addresses"]] == ["lease"]


@pytest.mark.parametrize(
    ("kind", "source", "found"),
    [
        ("network", "network='default' bridge='virbr0'", ("default", None, None)),
        ("direct", "network='macvtap' dev='eno2' mode='bridge'", ("macvtap", None, "eno2")),
        ("bridge", "network='lan' bridge='br0'", ("lan", "br0", None)),
        ("direct", "dev='eno2' mode='bridge'", (None, None, "eno2")),
    ],
)
def test_a_card_is_on_the_network_that_its_definition_names(kind: str, source: str, found: tuple[Any, ...]) -> None:
    """Of a guest that runs, libvirt also tells what the network put it on."""
    card = program.interface(ET.fromstring(f"<interface type='{kind}'><source {source}/></interface>"))
    assert (card["network"], card["bridge"], card["direct"]) == found


def test_no_host_no_process() -> None:
    assert asked(interpreter="/no/such/python") == {}


def test_a_python_without_ansible(tmp_path: Path) -> None:
    """The distribution's Python often has libvirt's binding and no Ansible."""
    site, python = tmp_path / "site", tmp_path / "python"
    site.mkdir()
    for path in Path(libvirt.__file__).parent.glob("libvirt*"):
        (site / path.name).symlink_to(path)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {sys.executable} -S "$@"\n')
    python.chmod(0o700)
    lone = subprocess.run([python, "-c", "import libvirt, ansible"], capture_output=True, text=True, check=False)
    assert "No module named 'ansible'" in lone.stderr
    assert asked(interpreter=str(python), kvm01="test:///default")["kvm01"]["complete"] is True


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("exit 7", "has ended by itself (status 7)"),
        ("echo 'password=hunter2' >&2; exit 1", "has ended by itself (status 1): password=(secret)"),
        ("echo 'no json'; echo '[1'; kill -SEGV $$", "has ended by itself (status -11)"),
        ("sleep 1000", "did not end in time"),
        ("exit 0", "was not asked"),
    ],
)
def test_a_process_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, said: str) -> None:
    monkeypatch.setattr(ask, "GRACE", 0.5)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{lines}\n")
    python.chmod(0o700)
    begun = time.monotonic()
    (answer,) = asked(ORDER._replace(timeout=0.5), str(python), kvm01="test:///default").values()
    assert time.monotonic() - begun < 10
    assert (answer["complete"], answer["guests"]) == (False, {})
    assert said in answer["problem"]


def test_hosts_are_asked_side_by_side() -> None:
    """Ten dead hosts cost the time of one, and that of the process on a busy machine."""
    with silent_server() as silent:
        begun = time.monotonic()
        answers = asked(ORDER._replace(timeout=3.0, forks=10), **{f"kvm{number}": silent for number in range(10)})
        took = time.monotonic() - begun
    assert {answer["problem"] for answer in answers.values()} == {"did not answer within 3 seconds"}
    assert took < 5 * 3.0


def test_what_came_before_the_time_was_over_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that hangs costs addresses, not the guests."""
    stop = threading.Event()

    def hang(host: str, uri: str, order: dict[str, Any], pieces: queue.SimpleQueue[tuple[str, str, Any]]) -> None:
        pieces.put((host, "networks", {"default": {}}))
        pieces.put((host, "guests", {"a": {"addresses": []}, "b": {"addresses": []}}))
        pieces.put((host, "addresses", ("a", [{"address": "10.0.0.1"}])))
        stop.wait(60)
        pieces.put((host, "complete", True))

    monkeypatch.setattr(program, "ask", hang)
    order = {"hosts": [["kvm01", "x"]], "timeout": 0.5, "forks": 1}
    (answer,) = program.answers(order)
    stop.set()
    assert answer["problem"] == "did not answer within 0.5 seconds"
    assert answer["guests"]["a"]["addresses"] == [{"address": "10.0.0.1"}]
    assert answer["complete"] is False


class Domain:
    """A guest that counts which sources are asked about it."""

    def __init__(self, name: str, **known: list[str]) -> None:
        self.called, self.known, self.asked = name, known, []

    def name(self) -> str:
        return self.called


class Connection:
    def __init__(self, *domains: Domain) -> None:
        self.domains = domains

    def listAllDomains(self, flags: int) -> tuple[Domain, ...]:  # noqa: N802
        return self.domains

    def listAllNetworks(self, flags: int) -> tuple[Any, ...]:  # noqa: N802
        return ()


def test_sources_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later one only where the earlier ones know nothing; the agent only where it is connected."""
    domains = [Domain("leased", lease=["10.0.0.1"]), Domain("with-agent"), Domain("without"), Domain("off")]
    pieces: list[tuple[str, Any]] = []

    def found(domain: Domain, source: str) -> list[dict[str, Any]]:
        domain.asked.append(source)
        return [{"address": text, "mac": "m"} for text in domain.known.get(source, ())]

    def looks(domain: Domain) -> dict[str, Any]:
        state = "stopped" if domain.called == "off" else "running"
        return {"state": state, "agent": domain.called == "with-agent", "interfaces": [{"mac": "m", "type": "network"}]}

    monkeypatch.setattr(program, "addresses", found)
    monkeypatch.setattr(program, "guest_facts", looks)
    program.look(Connection(*domains), ["lease", "agent", "arp"], ["*"], lambda *piece: pieces.append(piece))
    assert {domain.called: domain.asked for domain in domains} == {
        "leased": ["lease"],
        "with-agent": ["lease", "agent", "arp"],
        "without": ["lease", "arp"],
        "off": [],
    }
    assert ("addresses", ("leased", [{"address": "10.0.0.1", "mac": "m", "source": "lease"}])) in pieces


def test_the_python_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask.python() == sys.executable
    monkeypatch.setattr(ask.importlib.util, "find_spec", lambda name: None)
    for name, status in (("a", 1), ("b", 0), ("c", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setattr(ask, "PYTHONS", (str(tmp_path / "nothing"), str(tmp_path / "*")))
    assert ask.python() == str(tmp_path / "b")
    monkeypatch.setattr(ask, "PYTHONS", (str(tmp_path / "a"),))
    assert ask.python() is None
