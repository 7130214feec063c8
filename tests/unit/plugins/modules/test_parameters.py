# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters beside config that cannot be are refused by name, and nothing of them is shown that may be a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.virtfleet.kvm.plugins.module_utils import _printing
from ansible_collections.virtfleet.kvm.plugins.modules import domains, host_info, links, networks

Run = Callable[..., dict[str, Any]]
SECRET = "hunter2hunter2"
WEB = {"name": "web01", "memory": "64MiB"}


def told(module: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> str:
    """All that can be read of a run: its result, what it prints, and what it writes to the journal."""
    journal: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, msg, log_args=None: journal.append(f"{msg} {log_args}"))
    # As the module's process reads them: JSON may spell a lone surrogate.
    parameters = {"_ansible_verbosity": 3, "_ansible_check_mode": True, **arguments}
    monkeypatch.setattr(basic, "_load_params", lambda: dict(parameters))
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        module.main()
    out, error = capsys.readouterr()
    json.loads(out)
    text = out + error + "".join(journal)
    text.encode()
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize("module", [host_info, domains, links])
@pytest.mark.parametrize(
    "uri",
    [
        "qemu+tcp://u:a S@h/system",
        "qemu:u:S@h",
        "qemu:/u:S@h/system",
        "//u:S@h/",
        "u:S@h",
        "test:///default\0S",
        "test:///\ud800S",
        "\ud800",
        "qemu+tcp://u:S@h\n/system",
    ],
)
def test_a_uri_that_is_none_is_refused_and_not_quoted(
    module: Any, uri: str, connection: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {} if module is host_info else {"config": [{"name": "web01"}]}
    text = told(module, capsys, monkeypatch, uri=uri.replace("S", SECRET), **config)
    assert SECRET not in text
    assert "nothing was changed, the input is refused" in text
    assert "the parameter uri is not a connection URI" in text


@pytest.mark.parametrize(
    "uri", ["nope://u:S@h/system?x=S", "nope://S@h/system", "nope://h/x#S", "test:///x?S", "nope://u:S;S@h/x"]
)
def test_what_libvirt_says_of_a_uri_holds_no_secret(
    uri: str, connection: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = told(host_info, capsys, monkeypatch, uri=uri.replace("S", SECRET))
    assert SECRET not in text
    assert "libvirt does not answer at" in text


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("qemu:///system", "qemu:///system"),
        ("qemu+ssh://host.example.com:22/system", "qemu+ssh://host.example.com:22/system"),
        ("qemu+tcp://[2001:db8::1]/system", "qemu+tcp://[2001:db8::1]/system"),
        ("qemu+ssh://root@host/system?keyfile=/x", "qemu+ssh://***@host/system?***"),
        ("qemu+tcp://u:a S@h/system", "qemu+tcp://***"),
        ("qemu+tcp://u:a/S@h/system", "qemu+tcp://***"),
        ("qemu+tcp://h/system;S=S", "qemu+tcp://***"),
        ("qemu+tcp://h/x#S", "qemu+tcp://***"),
        ("qemu:u:S@h", "(not shown)"),
        ("//u:S@h/", "(not shown)"),
        ("hail", "hail"),
        ("", ""),
    ],
)
def test_how_a_uri_is_shown(uri: str, shown: str) -> None:
    assert _printing.masked_uri(uri) == shown


@pytest.mark.parametrize("owner", ["a\0b", "a\x1b[1m", "\ud800", "a\x9bb", "a\uffff"])
def test_an_owner_that_no_label_can_hold_is_refused(
    owner: str, connection: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, item in ((domains, WEB), (networks, {"name": "n"})):
        text = told(module, capsys, monkeypatch, uri="test:///default", owner=owner, config=[item])
        assert "nothing was changed, the input is refused" in text
        assert "the parameter owner has a character that no label can hold" in text


@pytest.mark.parametrize("seconds", [-1, "nan", "inf", "-inf", -0.5])
def test_a_time_that_is_none_is_refused(connection: Any, run_domains: Run, seconds: Any) -> None:
    result = run_domains(WEB, shutdown_timeout=seconds, fails=True)
    assert result["msg"].startswith(
        "nothing was changed: shutdown_timeout (guests_shutdown_timeout of the role) has to be a number"
    )
    assert "web01" not in [domain.name() for domain in connection.listAllDomains()]


def test_a_guest_is_asked_at_least_once_to_shut_down(connection: Any, run_domains: Run) -> None:
    run_domains({**WEB, "state": "running"})
    result = run_domains({"name": "web01", "state": "stopped"}, shutdown_timeout=0)
    assert [change["path"] for change in result["changes"]] == ["state"]
    assert not connection.lookupByName("web01").isActive()
