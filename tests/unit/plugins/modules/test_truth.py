# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens in a run, its result tells what was done, and nothing that was not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import libvirt
import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Refused, VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply, converge
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]
NETWORKS = [{"name": name, "bridge": f"virbr-{name}"} for name in "abc"]


def done(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["resource"], entry["path"]) for entry in result["changes"]]


def there(connection: Any) -> set[str]:
    return {network.name() for network in connection.listAllNetworks()} - {"default"}


def only_once(call: Callable[..., Any], then: Exception) -> Callable[..., Any]:
    """A function that works once, and raises from then on."""
    calls: list[None] = []

    def called(*args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        if len(calls) > 1:
            raise then
        return call(*args, **kwargs)

    return called


@pytest.mark.parametrize(
    "error",
    [KeyError("hunter2"), ValueError("'hunter2' is bad"), OSError(28, "no room"), RecursionError(), MemoryError()],
    ids=lambda error: type(error).__name__,
)
def test_an_unforeseen_error_with_one_item_stops_no_other(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    start = KINDS["network"].actions["start"]

    def broken(link: Any, name: str, step: Any, options: Any) -> None:
        if name == "b":
            raise error
        start(link, name, step, options)

    monkeypatch.setitem(KINDS["network"].actions, "start", broken)
    result = run_networks(*NETWORKS, fails=True)
    assert [failure["network"] for failure in result["failures"]] == ["b"]
    assert f"network b: a fault of this collection, please report it: {type(error).__name__}" in result["msg"]
    assert "hunter2" not in result["msg"]
    assert there(connection) == set("ac")
    assert [path for name, path in done(result) if name == "network b"] == []
    assert ("network c", "state") in done(result)


def test_input_that_is_refused_after_it_was_made_is_the_failure_of_its_item(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey, looks = converge.survey, list[list[str]]()

    def looking(link: Any, table: Any, wants: list[Any], options: Any) -> Any:
        names = [want["name"] for want in wants]
        looks.append(names)
        if len(looks) > 1 and "b" in names:
            raise Refused(["network b: mtu: is 1 and cannot be changed to 2"])
        return survey(link, table, wants, options)

    monkeypatch.setattr(converge, "survey", looking)
    result = run_networks(*NETWORKS, fails=True)
    assert there(connection) == set("abc")
    assert result["changed"]
    assert len(done(result)) == 9
    assert result["msg"].splitlines() == [
        "1 of 3 networks failed:",
        "network b: was made, but what is there now does not go with it: mtu: is 1 and cannot be changed to 2",
    ]
    assert looks == [["a", "b", "c"], ["a", "b", "c"], ["a", "c"]]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("bad", range(5))
def test_an_unforeseen_error_of_the_plan_names_the_item(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch, bad: int, check: bool
) -> None:
    plan_networks = KINDS["network"].plan

    def planned(link: Any, have: Any, wants: list[Any], *more: Any) -> Any:
        if any(want["name"] == f"n{bad}" for want in wants):
            raise KeyError("hunter2")
        return plan_networks(link, have, wants, *more)

    monkeypatch.setitem(vars(KINDS["network"]), "plan", planned)
    result = run_networks(*({"name": f"n{number}"} for number in range(5)), check=check, fails=True)
    assert result["msg"].startswith(f"nothing was changed: network n{bad}: a fault of this collection")
    assert "hunter2" not in result["msg"]
    assert there(connection) == set()


@pytest.mark.parametrize("error", [VirtfleetError("no answer"), KeyError("x"), Refused(["the host: full"])])
def test_a_run_that_is_broken_off_after_the_change_tells_it(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(converge, "survey", only_once(converge.survey, error))
    result = run_networks(*NETWORKS, fails=True)
    assert there(connection) == set("abc")
    assert result["changed"]
    assert len(done(result)) == 9
    assert result["msg"].startswith("the run was broken off; 'changes' has what was done until then:\n")
    assert "nothing was changed" not in result["msg"]


def test_a_step_that_came_about_is_told_when_the_next_did_not(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise KeyError

    monkeypatch.setitem(KINDS["network"].actions, "start", broken)
    monkeypatch.setattr(converge, "survey", only_once(converge.survey, KeyError("x")))
    connection.networkDefineXML("<network><name>a</name><ip address='192.0.2.1'/></network>")
    result = run_networks(NETWORKS[0], fails=True)
    assert done(result) == [("network a", "bridge")]


def test_a_new_resource_that_fails_leaves_nothing_and_is_not_told(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise KeyError

    monkeypatch.setitem(KINDS["network"].actions, "start", broken)
    monkeypatch.setattr(converge, "survey", only_once(converge.survey, KeyError("x")))
    result = run_networks(NETWORKS[0], fails=True)
    assert (done(result), there(connection)) == ([], set())


def test_what_stops_a_run_before_the_first_step_changed_nothing(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise VirtfleetError("no room")

    monkeypatch.setattr(apply, "prepare", full)
    result = run_networks(*NETWORKS, fails=True)
    assert (result["msg"], result.get("changed", False)) == ("no room", False)
    assert there(connection) == set()


class Gone(libvirt.libvirtError):
    """What libvirt says when one of several daemons has gone away."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.err = (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_RPC, text, 2, None, None, None, -1, -1)


@pytest.mark.parametrize(
    "text",
    [
        "internal error: client socket is closed",
        "End of file while reading data: Input/output error",
        "Cannot recv data: Connection reset by peer",
        "Failed to connect socket to '/run/libvirt/virtnetworkd-sock': Connection refused",
    ],
)
def test_the_restart_of_one_of_several_daemons_is_survived(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The connection that the module has lives on, and isAlive says so."""
    networks = [{"name": f"n{number}", "bridge": f"virbr{number + 50}"} for number in range(24)]
    define, defined, opened = KINDS["network"].actions["define"], list[str](), list[None]()

    def broken(link: Any, name: str, step: Any, options: Any) -> None:
        if len(defined) == 5 and not opened:
            raise Gone(text)
        define(link, name, step, options)
        defined.append(name)

    monkeypatch.setitem(KINDS["network"].actions, "define", broken)
    monkeypatch.setattr(binding.Session, "reopen", lambda self: opened.append(None))
    result = run_networks(*networks)
    assert (len(there(connection)), len(opened)) == (24, 1)
    assert len(done(result)) == 72
    assert not run_networks(*networks)["changed"]


def test_reading_is_taken_up_again_when_one_of_several_daemons_restarts(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey, opened = converge.survey, list[None]()

    def looking(*args: Any) -> Any:
        if not opened:
            raise Gone("internal error: client socket is closed")
        return survey(*args)

    monkeypatch.setattr(converge, "survey", looking)
    monkeypatch.setattr(binding.Session, "reopen", lambda self: opened.append(None))
    assert run_networks(*NETWORKS)["changed"]
    assert len(opened) == 1


@pytest.mark.parametrize("text", ["Connection refused", "the image http://h/x: Connection reset by peer"])
def test_what_has_nothing_to_do_with_a_daemon_is_tried_once(
    connection: Any, run_networks: Run, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    tried: list[str] = []

    def broken(link: Any, name: str, step: Any, options: Any) -> None:
        tried.append(name)
        raise VirtfleetError(text)

    monkeypatch.setitem(KINDS["network"].actions, "define", broken)
    assert not run_networks(NETWORKS[0], fails=True)["changed"]
    assert tried == ["a"]


# What Ansible itself tells of the parameters


@pytest.mark.parametrize("module", ["domains", "links"])
@pytest.mark.parametrize("extra", [{}, {"passwd": "hunter2"}])
@pytest.mark.parametrize(
    "config",
    [
        [{"name": "web01", "graphics": [{"type": "vnc", "passwd": "hunter2"}]}],
        {"name": "web01", "passwd": "hunter2"},
        "passwd=hunter2",
        ["passwd=hunter2"],
        [["hunter2"]],
    ],
)
def test_ansible_quotes_no_parameter(
    module: str,
    config: Any,
    extra: dict[str, Any],
    connection: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ansible_collections.virtfleet.kvm.plugins.modules import domains, links

    journal: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, msg, log_args=None: journal.append(f"{msg} {log_args}"))
    arguments = {"config": config, "uri": "test:///default", "_ansible_verbosity": 3, "_ansible_check_mode": True}
    with patch_module_args({**arguments, **extra}), pytest.raises(SystemExit):
        {"domains": domains, "links": links}[module].main()
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err + "".join(journal)
    result = json.loads(told.out)
    assert result["failed"]
    named = isinstance(config, list) and isinstance(config[0], dict)
    assert result["invocation"]["module_args"]["config"] == (["web01"] if named else [])
