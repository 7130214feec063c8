# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's half of a trial: it prepares it, asks for its end, clears away, and shows no secret."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import types
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import (
    converge,
    facts,
    netplan_generate,
    netplan_yaml,
    probes,
    transaction,
    trial,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, guard, journal, network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import ChangedFile, LinksPlan

WIFI = """\
network:
  wifis:
    wlan0:
      access-points:
        home: {password: "s3cret-word"}
  tunnels:
    wg0: {mode: wireguard, key: QUJDREVG}
"""


class Host:
    """The folders of a host, and a systemd that does at a start what it is told to."""

    def __init__(self, root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.calls = root, list[str]()
        (root / "boot_id").write_text("now\n")
        self.starting: Any = lambda: None
        self.active = "inactive"
        base = root / "run"
        for module, names in (
            (files, {"BASE": base, "TRIAL": base / "trial", "LAST": base / "last", "UNIT": root / "units/unit"}),
            (files, {"WANTS": root / "units/wants", "WANTED": root / "units/wants/unit"}),
            (
                transaction,
                {"NEW": base / "new", "BOOT_ID": root / "boot_id", "PREPARED": 0.2, "ENDING": 0.2, "CONFIRMED": 0.2},
            ),
            (transaction, {"AT_WORK": 0.2}),
            (journal, {"DISK": root / "var", "BOOT": root / "etc/boot", "TMPFILES": root / "etc/tmp"}),
            (journal, {"WANTS": root / "wants", "WANTED": root / "wants/unit", "UNWANTED": root / "wants/.unit"}),
        ):
            for name, value in names.items():
                monkeypatch.setattr(module, name, str(value) if isinstance(value, pathlib.Path) else value)
        monkeypatch.setattr(network, "run", self.run)

    def run(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        self.calls.append(" ".join(command))
        if command[:2] == ["systemctl", "start"]:
            said = self.starting()
            return (1, "", said) if said else (0, "", "")
        return 0, self.active, ""

    def move(self, old: str, new: str) -> None:
        (self.root / f"run/trial/at.{old}").rename(self.root / f"run/trial/at.{new}")


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


FACTS = Facts(
    devices={
        "eno1": HostDevice("eno1", addresses=("192.0.2.10/24",)),
        "eno2": HostDevice("eno2", addresses=("10.0.0.1/8",)),
    },
    routes=tuple(
        facts.routes(
            [
                {"dst": "default", "gateway": "192.0.2.1", "dev": "eno1", "protocol": "dhcp", "metric": 100},
                {"dst": "192.0.2.0/24", "dev": "eno1", "protocol": "kernel"},
                {"dst": "192.0.2.1", "dev": "eno1", "protocol": "dhcp", "scope": "link", "prefsrc": "192.0.2.10"},
            ],
            "0.0.0.0/0",
        )
    ),
    login="192.0.2.10",
)


def begin(host: Host, **faults: Any) -> dict[str, Any]:
    with transaction.alone():
        return transaction.begin(
            LinksPlan(files=[ChangedFile("/etc/x", "/run/x", None, "new")], netplan=True), FACTS, 30, ["dns"]
        )


def test_a_trial_is_begun_once_it_is_prepared(host: Host) -> None:
    host.starting = lambda: host.move("preparing", "armed")
    told = begin(host)
    assert (told["seconds"], told["probes"]) == (30, ["dns"])
    state = json.loads((host.root / "run/trial/state.json").read_text())
    assert state["id"] == told["id"]
    assert state["addresses"] == {"eno1": ["192.0.2.10/24"]}
    assert state["routes"] == [
        ["-4", "route", "replace", "192.0.2.1", "dev", "eno1", "proto", "dhcp", "scope", "link", "src", "192.0.2.10"],
        ["-4", "route", "replace", "0.0.0.0/0", "via", "192.0.2.1", "dev", "eno1", "proto", "dhcp", "metric", "100"],
    ]
    copied = sorted(path.name for path in (host.root / "run/agent").iterdir())
    assert copied == sorted(path.name for path in pathlib.Path(files.__file__).parent.glob("*.py"))
    unit = (host.root / "units/unit").read_text()
    assert "Restart=on-failure" in unit
    assert "WatchdogSec=10" in unit
    assert not (host.root / "units/wants").exists()
    for path in (host.root / "run").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.is_dir(), path


def test_the_unit_is_told_what_the_plan_has_told(host: Host) -> None:
    """Of every device, not of those alone that change: networkd may configure any of them anew."""
    route = ["-4", "route", "replace", "10.9.0.0/16", "dev", "eno2", "proto", "static"]
    found = LinksPlan(
        by_hand={"eno2": ["10.0.0.1/8"]},
        configured={"eno1": "br0", "br2": "br2"},
        ports={"eno1": "br0"},
        static=[route],
    )
    state = transaction.trial_of(found, FACTS, 30, [])
    assert state["by_hand"] == {"eno2": ["10.0.0.1/8"]}
    assert state["configured"] == ["br2", "eno1"]
    assert state["static"] == [route]


def test_of_two_routes_to_the_same_both_are_given() -> None:
    """``replace`` would put the second in the place of the first; what ip does not tell whole is left out."""
    entries = [
        {"dst": "10.9.0.0/16", "gateway": "192.0.2.7", "dev": "eno1"},
        {"dst": "10.9.0.0/16", "gateway": "192.0.2.8", "dev": "eno1"},
        {"dst": "10.9.0.0/16", "gateway": "192.0.2.8", "dev": "eno1", "metric": 5},
        {"dst": "1.2.3.4", "encap": "ip", "dev": "eno1"},
    ]
    given = trial.routes_to_give(Facts(routes=tuple(facts.routes(entries, "0.0.0.0/0"))), ["eno1"])
    assert [(words[2], *words[5:6], *words[8:]) for words in given] == [
        ("replace", "192.0.2.7"),
        ("append", "192.0.2.8"),
        ("replace", "192.0.2.8", "metric", "5"),
    ]


def test_a_default_route_for_one_source_is_not_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        {"dst": "default", "from": "fd00:78::/64", "gateway": "fe80::9", "dev": "br0", "metric": 8},
        {"dst": "default", "dev": "br0", "metric": 100},
    ]
    found = Facts(routes=tuple(facts.routes(entries, "::/0")))
    assert found.routes[0].words[:6] == ("-6", "route", "replace", "::/0", "via", "fe80::9")
    assert found.routes[0].words[8:10] == ("from", "fd00:78::/64")
    assert probes.gateway(found, "::/0") == (True, "by br0, without a next hop")


def test_a_unit_that_does_not_start_leaves_nothing(host: Host) -> None:
    host.starting = lambda: "no such thing"
    with pytest.raises(VirtfleetError, match=r"nothing was changed: .* systemctl start: no such thing"):
        begin(host)
    assert not (host.root / "run/trial").exists()
    assert not (host.root / "run/new").exists()
    assert list((host.root / "units").iterdir()) == []


@pytest.mark.parametrize(
    ("told", "reloaded"),
    [
        ("LoadState=loaded", False),
        ("LoadState=error", True),
        ("LoadState=loaded\nNeedDaemonReload=yes", True),
        ("", False),
    ],
)
def test_systemd_reads_the_unit_again_where_it_lost_it(host: Host, told: str, reloaded: bool) -> None:
    """Somebody has removed its file in /run, and had systemd read its files, while a trial was open."""
    host.active = told
    transaction.start()
    starts = [call for call in host.calls if call.startswith(("systemctl start", "systemctl daemon-reload"))]
    assert starts == [*(["systemctl daemon-reload"] if reloaded else []), f"systemctl start {transaction.SERVICE}"]


def test_a_change_that_nobody_ends_is_not_said_to_end_soon(host: Host) -> None:
    (host.root / "run/trial").mkdir(parents=True)
    (host.root / "run/trial/at.applied").touch()
    host.active = "ActiveState=failed"
    with pytest.raises(
        VirtfleetError, match=r"has not ended, and \S+, which is to take it back, does not run: run this wi"
    ):
        transaction.refuse_open_trial()
    host.active = "ActiveState=active"
    with pytest.raises(VirtfleetError, match="another run ends a change of this host's links: try again in a minute"):
        transaction.refuse_open_trial()


@pytest.mark.parametrize("state", ["preparing", "armed", "applying", "applied"])
def test_a_unit_that_starts_though_systemd_does_not_say_so_keeps_its_trial(host: Host, state: str) -> None:
    """A slow systemd answers too late. What is being applied is taken back by the unit; its way back stays."""

    def starting() -> str:
        if state != "preparing":
            host.move("preparing", state)
        return "timed out"

    host.starting = starting
    if state in ("preparing", "armed"):
        with pytest.raises(VirtfleetError, match=r"nothing was changed: .* timed out"):
            begin(host)
        assert not (host.root / "run/trial").exists()
        return
    begin(host)
    assert (host.root / "run/trial/ask.give-up").exists()
    assert "timed out" in (host.root / "run/trial/reason").read_text()
    assert (host.root / "units/unit").exists()


def test_what_an_earlier_run_cannot_put_back_is_said_once(host: Host) -> None:
    (host.root / "var").mkdir()
    (host.root / "var/keep.json").write_text("damaged")
    with pytest.raises(VirtfleetError, match=r"nothing was changed: an earlier change .* is damaged"):
        transaction.alone().__enter__()
    with transaction.alone():
        pass


def test_a_trial_that_is_not_prepared_in_time_is_given_up(host: Host) -> None:
    with pytest.raises(VirtfleetError, match=r"nothing was changed: .* could not be prepared within"):
        begin(host)
    assert (host.root / "run/trial/ask.give-up").exists()


def test_no_room_is_said_and_nothing_is_left(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def reserve(path: str) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(files, "reserve", reserve)
    with pytest.raises(VirtfleetError, match=r"nothing was changed: .*/reason: No space left on device"):
        begin(host)
    assert not list((host.root / "run").glob("[nt]*"))


@pytest.mark.parametrize("left", ["new", "lost-x", "trial", "journal", "journal and keep"])
def test_what_a_broken_off_run_left_is_no_hindrance(host: Host, left: str) -> None:
    (host.root / "run").mkdir()
    if left in ("new", "lost-x", "trial"):
        (host.root / "run" / left / "saved").mkdir(parents=True)
        (host.root / "run" / left / "saved/0").write_text("")
    else:
        (host.root / "var").mkdir()
        kept = host.root / "kept"
        kept.write_text("old")
        (host.root / ".new").write_text("new")
        entry = {"path": str(kept), "new": str(host.root / ".new"), "old": None, "stamp": journal.stamp(str(kept))}
        text = json.dumps({"id": "one", "files": [entry], "folders": [], "netplan": True})
        (host.root / "var" / ("keep.json" if "keep" in left else "trial.json")).write_text(text)
    with transaction.alone():
        pass
    assert sorted(path.name for path in (host.root / "run").iterdir()) == ["lock"]
    if "journal" in left:
        assert (host.root / "kept").read_text() == ("new" if "keep" in left else "old")
        assert not (host.root / ".new").exists()


def test_an_open_trial_is_not_disturbed(host: Host) -> None:
    (host.root / "run").mkdir()
    guard.lay_out(files.TRIAL, {"id": "one", "deadline": network.clock() + 20})
    host.active = "active"
    for check in (True, False):
        with pytest.raises(
            VirtfleetError, match=r"nothing was changed: another run tries a change .* in (1[0-9]|20) s"
        ):
            transaction.alone(check).__enter__()
    assert "systemctl start" not in " ".join(host.calls)


def test_the_end_of_a_trial_is_not_told_once_it_has_passed(host: Host) -> None:
    """Nor where it is being ended before."""
    (host.root / "run").mkdir()
    guard.lay_out(files.TRIAL, {"id": "one", "deadline": network.clock() - 30})
    host.active = "ActiveState=active"
    host.move("preparing", "applied")
    with pytest.raises(VirtfleetError, match="try again in a minute"):
        transaction.refuse_open_trial()
    files.write(os.path.join(files.TRIAL, "state.json"), json.dumps({"deadline": network.clock() + 30}))
    with pytest.raises(VirtfleetError, match=r"and ends in (2[89]|3[01]) s at the latest"):
        transaction.refuse_open_trial()
    for old, new in (("applied", "confirming"), ("confirming", "rolling-back")):
        host.move(old, new)
        with pytest.raises(VirtfleetError, match="try again in a minute"):
            transaction.refuse_open_trial()


@pytest.mark.parametrize(("times", "came"), [(0, True), (3, True), (9, False)])
def test_something_is_waited_for_as_long_as_it_may_take(
    monkeypatch: pytest.MonkeyPatch, times: int, came: bool
) -> None:
    now = [0.0]
    asked: list[float] = []
    monkeypatch.setattr(transaction.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(transaction.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + 1))

    def condition() -> bool:
        asked.append(now[0])
        return len(asked) > times

    assert transaction.wait_for(condition, 5) is came
    assert asked == [float(each) for each in range(min(times, 6) + 1)]


def test_a_trial_that_nobody_works_on_is_taken_up_again(host: Host) -> None:
    (host.root / "run").mkdir()
    guard.lay_out(files.TRIAL, {"id": "one", "deadline": network.clock() - 100})
    seen: list[list[str]] = []

    def starting() -> None:
        seen.append(sorted(os.listdir(files.TRIAL)))
        os.rename(files.TRIAL, files.LAST)

    host.starting = starting
    with transaction.alone():
        pass
    # It is ended, not begun.
    assert "ask.give-up" in seen[0]
    assert any(call.startswith("systemctl start") for call in host.calls)


@pytest.mark.parametrize(("kept", "outcome"), [(True, "confirmed"), (False, "rolled-back")])
def test_after_a_boot_the_disk_tells_how_it_ended(host: Host, kept: bool, outcome: str) -> None:
    if kept:
        (host.root / "var").mkdir()
        (host.root / "var/kept.json").write_text('{"id": "one-before"}')
    found = transaction.outcome("one-before")
    assert found is not None
    assert (found["outcome"], found["reason"]) == (outcome, "the host was started anew")


def test_an_end_that_a_later_trial_has_hidden_is_unknown(host: Host) -> None:
    """Without a boot, that the host knows nothing of a trial does not tell that it was taken back."""
    (host.root / "boot_id").write_text("0f-1e\n")
    host.starting = lambda: host.move("preparing", "armed")
    trial = begin(host)["id"]
    assert transaction.outcome(trial) is None
    (host.root / "run/trial").rename(host.root / "run/last")
    (host.root / "run/last/outcome.json").write_text('{"id": "another", "outcome": "confirmed"}')
    found = transaction.outcome(trial)
    assert found is not None
    assert (found["outcome"], found["restored"]) == ("unknown", False)
    # After a boot it is known: what is not kept on the disk is gone.
    (host.root / "boot_id").write_text("0f-1f\n")
    found = transaction.outcome(trial)
    assert found is not None
    assert (found["outcome"], found["restored"]) == ("rolled-back", True)
    # Where boots cannot be told from each other nothing is claimed.
    (host.root / "boot_id").unlink()
    found = transaction.outcome(trial)
    assert found is not None
    assert found["outcome"] == "unknown"


def test_a_confirmation_is_asked_for_when_the_probes_pass(host: Host) -> None:
    (host.root / "run").mkdir()
    state = {"id": "one", "deadline": network.clock() + 20, "seconds": 20, "probes": ["dns"]}
    guard.lay_out(files.TRIAL, state)
    assert transaction.settle("one", lambda names: []) == {"outcome": None, "probes": []}
    host.move("preparing", "applied")
    passed = [{"probe": "dns", "ok": True, "said": "it answers"}]
    # A connection that was opened before the trial tells nothing of the host as it is now.
    assert transaction.settle("one", lambda names: passed) == {"outcome": None, "probes": [], "applied": True}
    assert not (host.root / "run/trial/ask.confirm").exists()
    assert transaction.settle("one applied", lambda names: passed) == {"outcome": None, "asked": True, "probes": passed}
    assert (host.root / "run/trial/ask.confirm").exists()


def test_a_trial_is_given_up_when_a_probe_fails(host: Host) -> None:
    (host.root / "run").mkdir()
    guard.lay_out(files.TRIAL, {"id": "one", "deadline": network.clock(), "seconds": 20, "probes": ["dns"]})
    host.move("preparing", "applied")
    failed = [{"probe": "dns", "ok": False, "said": "no answer"}]
    said = transaction.settle("one applied", lambda names: failed)
    assert (said["outcome"], said["reason"]) == (None, "dns: no answer")
    assert (host.root / "run/trial/ask.give-up").exists()
    assert (host.root / "run/trial/reason").read_text().strip() == "dns: no answer"


def test_netplans_own_words_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    said = """/x/etc/netplan/a.yaml:5:29: Error in network definition: invalid password s3cret-word
        home: {password: "s3cret-word"}
                            ^
"""
    monkeypatch.setattr(network, "run", lambda command, seconds: (1, "", said))
    plan = LinksPlan(
        netplan=True, documents={"a.yaml": WIFI}, files=[ChangedFile("/etc/netplan/a.yaml", "", None, WIFI)]
    )
    assert netplan_generate.secrets(plan) == ["s3cret-word", "QUJDREVG"]
    with pytest.raises(VirtfleetError) as caught:
        netplan_generate.validate(plan)
    assert "invalid password ***" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_netplan_that_hangs_is_an_error_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], seconds: float) -> tuple[int, str, str]:
        raise subprocess.TimeoutExpired(command, seconds)

    monkeypatch.setattr(network, "run", hang)
    plan = LinksPlan(
        netplan=True, documents={"a.yaml": WIFI}, files=[ChangedFile("/etc/netplan/a.yaml", "", None, WIFI)]
    )
    with pytest.raises(VirtfleetError, match="nothing was changed: netplan did not end"):
        netplan_generate.validate(plan)


@pytest.mark.parametrize(
    "text", [WIFI.replace('word"', "word"), WIFI + "\tpassword: s3cret-word", "a: &s3cret-word [*s3cret-word2]"]
)
def test_a_file_that_is_no_yaml_shows_no_secret(text: str) -> None:
    with pytest.raises(VirtfleetError) as caught:
        netplan_yaml.load("a.yaml", text)
    assert "a.yaml: is not YAML: " in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert " in line " in str(caught.value)


def test_an_unforeseen_error_is_named_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        def __init__(self) -> None:
            self.params: dict[str, Any] = {"settle": None}

        def fail_json(self, msg: str) -> None:
            raise SystemExit(msg)

    def broken(module: Any) -> None:
        raise PermissionError(13, "Permission denied", "/etc/netplan")

    monkeypatch.setattr(converge, "converge", broken)
    with pytest.raises(SystemExit, match="nothing was changed: the host's links: /etc/netplan: Permission denied"):
        converge.declare(Module())  # type: ignore[arg-type]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("seconds", [0, -5, 3601, 10**4000], ids=["0", "-5", "3601", "huge"])
def test_no_host_is_left_for_ever_with_a_network_that_nobody_confirmed(seconds: int, check: bool) -> None:
    module: Any = types.SimpleNamespace(check_mode=check, params={"config": [], "rollback_after": seconds})
    with pytest.raises(VirtfleetError, match=r"rollback_after: .+ is not a number of seconds from 1 to 3600"):
        converge.converge(module)


def test_the_host_gets_all_of_the_agent() -> None:
    folder = pathlib.Path(guard.__file__).parent
    assert {*transaction.agent()} == {path.stem for path in folder.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("name", ["keep", "trial"])
def test_what_is_damaged_of_an_earlier_run_is_told_by_check_mode_in_the_same_words(host: Host, name: str) -> None:
    (host.root / "var").mkdir()
    (host.root / f"var/{name}.json").write_text("garbage")
    said = []
    for check in (True, False):
        with pytest.raises(VirtfleetError, match="it is damaged") as caught, transaction.alone(check):
            pass
        said.append(str(caught.value))
    assert said[0] == said[1]
    with transaction.alone(check=True):
        pass


def test_of_two_runs_at_once_one_has_the_links(host: Host) -> None:
    with transaction.alone():
        with pytest.raises(VirtfleetError, match="another run is at work on this host's links"), transaction.alone():
            pytest.fail("two have them")
        # A look changes nothing, and needs nobody's leave.
        with transaction.alone(check=True):
            pass
    with transaction.alone():
        pass


@pytest.mark.parametrize("silent", [OSError("no"), subprocess.TimeoutExpired("systemctl", 20)])
def test_where_systemd_does_not_answer_nothing_is_told_of_the_unit(
    monkeypatch: pytest.MonkeyPatch, silent: Exception
) -> None:
    def run(_command: list[str], _seconds: float) -> tuple[int, str, str]:
        raise silent

    monkeypatch.setattr(network, "run", run)
    assert transaction.shown("ActiveState") == {}
    assert transaction.systemctl("start", "x").startswith("systemctl start: ")
