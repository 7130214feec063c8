# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan makes of its documents: which units are its own, what of them is not in force, what it says is wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_generate
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import ChangedFile, LinksPlan


def test_only_units_by_netplan_are_read(tmp_path: Path) -> None:
    names = ("10-netplan-eno1.network", "10-netplan-br0.netdev", "10-netplan-eno1.link")
    for name in (*names, "10-netplan-eno1.txt", "10-netplan-eno1.network.bak", "20-own.network", "own.netdev"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "10-netplan-folder.network").mkdir()
    found = netplan_generate.units_in(str(tmp_path))
    assert found == {name: name for name in names if name.endswith(netplan_generate.KINDS)}
    assert {"10-netplan-eno1.network", "10-netplan-br0.netdev"} <= set(found)
    assert netplan_generate.units_in(str(tmp_path / "nowhere")) == {}


class Generator:
    """netplan's program: of each line ``DEVICE: TEXT`` of its documents it makes a unit.

    :ivar asked: the documents that it has read, by name, each time
    """

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.live, self.asked = tmp_path / "live", list[dict[str, str]]()
        self.status, self.errors = 0, ""
        self.fails: Exception | None = None
        self.live.mkdir()
        monkeypatch.setattr(netplan_generate, "UNITS", str(self.live))
        monkeypatch.setattr(netplan_generate, "reader", lambda: [netplan_generate.GENERATORS[0]])
        monkeypatch.setattr(network, "run", self.run)

    def run(self, command: list[str], _seconds: float) -> tuple[int, str, str]:
        *_program, option, root = command
        assert option == "--root-dir"
        documents = {path.name: path.read_text() for path in (Path(root) / "etc/netplan").iterdir()}
        self.asked.append(documents)
        if self.fails is not None:
            raise self.fails
        folder = Path(root + str(self.live))
        folder.mkdir(parents=True)
        for line in "\n".join(documents.values()).splitlines():
            device, _colon, text = line.partition(": ")
            (folder / f"10-netplan-{device}.network").write_text(text)
        return self.status, "", self.errors.replace("ROOT", root)

    def lives(self, **units: str) -> None:
        for device, text in units.items():
            (self.live / f"10-netplan-{device}.network").write_text(text)


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator:
    return Generator(tmp_path, monkeypatch)


def changing(**more: Any) -> LinksPlan:
    return LinksPlan(**{"netplan": True, "items": [("br0", [Change("definition", None, {})])], **more})


def written(*texts: str) -> Facts:
    return Facts(netplan=tuple(NetplanFile("/etc/netplan", f"{n}.yaml", text) for n, text in enumerate(texts)))


def told(*devices: str) -> list[str]:
    said = "is not in force yet, and comes into force with this change: look at it, and run netplan apply before"
    return [f"what netplan's files say of {device} {said}" for device in devices]


FACTS = written("eno1: a\neno2: b", "v.5: c")


@pytest.mark.parametrize(
    ("live", "devices"),
    [
        ({"eno1": "a", "eno2": "b", "v.5": "c"}, []),
        ({"eno1": "old", "eno2": "b", "v.5": "c"}, ["eno1"]),
        ({"eno1": "a", "eno2": "b"}, ["v.5"]),
        ({"eno1": "a", "eno2": "b", "v.5": "c", "br9": "gone from the files"}, ["br9"]),
        ({}, ["eno1", "eno2", "v.5"]),
    ],
)
def test_what_is_written_and_not_applied_is_told_before_a_change_brings_it_into_force(
    generator: Generator, live: dict[str, str], devices: list[str]
) -> None:
    generator.lives(**live)
    assert netplan_generate.unapplied(changing(), FACTS) == told(*devices)


@pytest.mark.parametrize(
    ("plan", "program"),
    [
        (changing(netplan=False), netplan_generate.GENERATORS[0]),
        (changing(items=[]), netplan_generate.GENERATORS[0]),
        (changing(items=[("br0", [])]), netplan_generate.GENERATORS[0]),
        (changing(), "netplan"),
    ],
    ids=["no netplan", "no change", "a link without one", "a netplan that makes no units"],
)
def test_where_nothing_comes_into_force_or_netplan_cannot_tell_nothing_is_told(
    generator: Generator, monkeypatch: pytest.MonkeyPatch, plan: LinksPlan, program: str
) -> None:
    monkeypatch.setattr(netplan_generate, "reader", lambda: [program])
    assert netplan_generate.unapplied(plan, FACTS) == []
    assert generator.asked == []


@pytest.mark.parametrize("fails", [OSError("no"), subprocess.TimeoutExpired("netplan", 60), 1])
def test_a_netplan_that_makes_nothing_tells_nothing(generator: Generator, fails: Exception | int) -> None:
    generator.lives(eno1="old")
    if isinstance(fails, int):
        generator.status = fails
    else:
        generator.fails = fails
    assert netplan_generate.unapplied(changing(), FACTS) == []


AFTER = {"1.yaml": "eno1: a", "2.yaml": "br0: b"}
FILE = ChangedFile("/etc/netplan/2.yaml", "/run/netplan/2.yaml", None, "br0: b")
UNIT = ChangedFile("/usr/local/lib/systemd/network/x.network", "", None, "")


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"files": [UNIT, FILE]}, [AFTER]),
        ({"files": [UNIT]}, []),
        ({"files": []}, []),
        ({"files": [FILE], "netplan": False}, []),
    ],
)
def test_netplan_reads_the_documents_as_they_will_be(
    generator: Generator, more: dict[str, Any], asked: list[dict[str, str]]
) -> None:
    netplan_generate.validate(changing(documents=AFTER, **more))
    assert generator.asked == asked


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (OSError(2, "No such file or directory", "netplan"), "nothing was changed: netplan cannot be asked: "),
        (subprocess.TimeoutExpired("netplan", 60), "nothing was changed: netplan did not end within 60 s"),
        (78, "nothing was changed, netplan refuses what would come out: /etc/netplan/2.yaml:1:1: unknown key"),
    ],
)
def test_what_netplan_does_not_take_is_refused_in_its_words(
    generator: Generator, fails: Exception | int, said: str
) -> None:
    generator.errors = "ROOT/etc/netplan/2.yaml:1:1:\n  unknown key\n"
    if isinstance(fails, int):
        generator.status = fails
    else:
        generator.fails = fails
    with pytest.raises(VirtfleetError) as caught:
        netplan_generate.validate(changing(documents=AFTER, files=[FILE]))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ("", ""),
        ("a.yaml:3:5: Error in network definition: \n   password: hunter2\n       ^\n", "a.yaml:3:5: Error in network"),
        ("first\nshown 1\n ^\nsecond\nshown 2\n^\nlast", "first second last"),
        ("** (generate:1): WARNING **: too open\nreal  error", "real error"),
        ("WARNING\nshown\n^\n", ""),
        ("abcdef and abc", "*** and ***"),
    ],
)
def test_what_is_shown_of_netplans_words_is_no_line_of_the_file(errors: str, said: str) -> None:
    found = netplan_generate.without_content(errors, ["abcdef", "abc"])
    assert found.startswith(said) if said.startswith("a.yaml") else found == said
    assert not {"hunter2", "shown", "^"} & set(found.split())


def test_secrets_are_those_of_before_and_after_the_longest_first() -> None:
    def text(password: str) -> str:
        return f"network: {{wifis: {{w: {{access-points: {{x: {{password: '{password}'}}}}}}}}}}"

    files = [
        ChangedFile("/etc/netplan/1.yaml", "", text("before-it"), None),
        ChangedFile("/etc/netplan/2.yaml", "", None, None),
        ChangedFile("/etc/other/1.yaml", "", text("somewhere-else"), None),
    ]
    plan = changing(documents={"1.yaml": text("after-it-all"), "2.yaml": ""}, files=files)
    assert netplan_generate.secrets(plan) == ["after-it-all", "before-it"]
