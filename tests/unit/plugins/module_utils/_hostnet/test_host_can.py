# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must be able to do for a change of its links: asked before anything is touched."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
import types

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import (
    kernel,
    networkd,
    networkd_read_check,
    observe,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, network
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import HOST, planned, refusal

VLAN = {"name": "v20", "type": "vlan", "parent": "eno2", "id": 20, "state": "present"}


def answers(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, tuple[int, str]]) -> list[str]:
    """What commands answer, by the beginning of each; the commands that are run."""
    asked: list[str] = []

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        asked.append(" ".join(command))
        status, said = next((answer for start, answer in found if start in asked[-1]), (0, ""))
        return status, said, said

    monkeypatch.setattr(network, "run", run)
    monkeypatch.setattr(kernel.os.path, "exists", lambda path: False)
    return asked


@pytest.mark.parametrize(
    ("module", "made", "can"),
    [
        ((0, ""), (0, ""), True),
        ((1, ""), (0, ""), True),
        ((1, ""), (2, "Error: Unknown device type."), False),
        ((1, ""), (2, "RTNETLINK answers: Operation not supported"), False),
        ((1, ""), (1, "unshare: unshare failed: Operation not permitted"), True),
    ],
)
@pytest.mark.parametrize("kind", sorted(kernel.MODULES))
def test_the_kernel_is_asked_for_a_new_type_of_link(
    monkeypatch: pytest.MonkeyPatch, kind: str, module: tuple[int, str], made: tuple[int, str], can: bool
) -> None:
    """A module is not loaded by the question: in doubt the kernel can."""
    asked = answers(monkeypatch, ("modprobe -n -q", module), ("name probe", made))
    assert kernel.unmade([{"name": "x", "type": kind, "state": "present"}], []) == (set() if can else {kind})
    assert not [words for words in asked if words.startswith("modprobe") and "-n" not in words.split()]
    assert kernel.unmade([{"name": "x", "type": kind, "state": "present"}], ["x"]) == set()


def test_a_type_that_the_kernel_cannot_make_is_refused() -> None:
    said = refusal(VLAN, host=dataclasses.replace(HOST, unmade=frozenset({"vlan"})))
    assert "link v20: type: the kernel of this host cannot make a vlan" in said
    assert planned(VLAN).items


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ("ActiveState=inactive\n\nActiveState=failed\n", True),
        ("ActiveState=active\n\nActiveState=inactive\n", False),
        ("ActiveState=inactive\n\nActiveState=active\n", False),
        ("", False),
    ],
)
def test_a_host_without_d_bus_is_left_alone(monkeypatch: pytest.MonkeyPatch, told: str, refused: bool) -> None:
    monkeypatch.setattr(network, "run", lambda command, seconds: (0, told, ""))
    if not refused:
        observe.refuse_without_bus()
        return
    with pytest.raises(VirtfleetError, match=r"nothing was changed: D-Bus does not run.*systemctl start dbus.socket"):
        observe.refuse_without_bus()


def user(monkeypatch: pytest.MonkeyPatch, uid: int = 12345, gid: int = 12345) -> None:
    """networkd's user."""
    monkeypatch.setattr(networkd_read_check.pwd, "getpwnam", lambda name: types.SimpleNamespace(pw_uid=uid, pw_gid=gid))
    monkeypatch.setattr(networkd_read_check.grp, "getgrall", list)


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_that_networkd_cannot_read_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    user(monkeypatch)
    monkeypatch.setattr(networkd_read_check, "mounted_late", lambda folder: "")
    folder = tmp_path / "network"
    folder.mkdir()
    folder.chmod(0o700)
    may, place = networkd_read_check.may, folder.stat().st_ino
    # The folders of tests are root's alone.
    monkeypatch.setattr(networkd_read_check, "may", lambda found, wanted: found.st_ino != place or may(found, wanted))
    monkeypatch.setattr(networkd, "KEPT", str(folder))
    with pytest.raises(VirtfleetError, match=rf"{folder}: it is closed to the user systemd-network \(mode 0700\)"):
        networkd_read_check.refuse([f"{folder}/{'x.network.d/' if made else ''}a.conf"])
    folder.chmod(0o755)
    networkd_read_check.refuse([f"{folder}/a.conf", "/etc/netplan/a.yaml"])


NETWORKD, OTHERS = 501, 502


@pytest.mark.parametrize("owner", ["user", "group", "another group", "nobody"])
@pytest.mark.parametrize("mode", [0o000, 0o001, 0o004, 0o005, 0o010, 0o050, 0o100, 0o500, 0o705, 0o750, 0o755, 0o770])
@pytest.mark.parametrize("wanted", [0o1, 0o5])
def test_the_rights_of_networkd_are_those_of_the_first_that_it_is(
    monkeypatch: pytest.MonkeyPatch, owner: str, mode: int, wanted: int
) -> None:
    """The owner's, else the group's, else those of all (path_resolution(7)): others are not added to them."""
    user(monkeypatch, NETWORKD, NETWORKD)
    groups = [types.SimpleNamespace(gr_gid=gid, gr_mem=names) for gid, names in ((7, ["systemd-network"]), (8, ["x"]))]
    monkeypatch.setattr(networkd_read_check.grp, "getgrall", lambda: groups)
    uid = NETWORKD if owner == "user" else OTHERS
    gid = {"group": NETWORKD, "another group": 7}.get(owner, 8)
    found = os.stat_result((mode, 0, 0, 0, uid, gid, 0, 0, 0, 0))
    digits = f"{mode:03o}"
    own = int(digits[{"user": 0, "nobody": 2}.get(owner, 1)])
    assert networkd_read_check.may(found, wanted) is (own & wanted == wanted)


@pytest.mark.parametrize("error", [KeyError("systemd-network"), OSError("no")])
def test_a_host_without_networkds_user_closes_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def unknown(_name: str) -> None:
        raise error

    monkeypatch.setattr(networkd_read_check.pwd, "getpwnam", unknown)
    assert networkd_read_check.may(os.stat_result((0,) * 10), 0o5) is True


@pytest.mark.parametrize(
    ("closed", "mode", "refused"),
    [
        # Those above are only gone through: nobody need be able to list them.
        ("etc", 0o711, False),
        ("etc", 0o700, True),
        ("etc/systemd", 0o711, False),
        ("etc/systemd/network", 0o711, True),
        ("etc/systemd/network", 0o755, False),
        ("etc/systemd/network/x.network.d", 0o711, True),
        ("etc/systemd/network/x.network.d", 0o755, False),
    ],
)
def test_a_folder_of_units_is_listed_and_those_above_are_gone_through(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, closed: str, mode: int, refused: bool
) -> None:
    user(monkeypatch)
    folder = tmp_path / "etc/systemd/network/x.network.d"
    folder.mkdir(parents=True)
    may, inside = (
        networkd_read_check.may,
        {path.stat().st_ino for path in (tmp_path / "etc", *folder.parents[:3], folder)},
    )
    inside -= {tmp_path.stat().st_ino}
    # The folders of tests are root's alone.
    monkeypatch.setattr(
        networkd_read_check, "may", lambda found, wanted: found.st_ino not in inside or may(found, wanted)
    )
    (tmp_path / closed).chmod(mode)
    said = networkd_read_check.unreadable_folder(str(folder))
    place = tmp_path / closed
    told = f"{place}: it is closed to the user systemd-network (mode {mode:04o}): chmod 755 {place}"
    assert said == (told if refused else "")
    assert networkd_read_check.unreadable_folder(str(tmp_path / "etc/nowhere")) == (
        "" if not said or "network" in closed else said
    )


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["K/a.network"], ["closed K", "late K"]),
        (["K/a.network", "K/b.network"], ["closed K", "late K"]),
        (["K/a.network.d/x.conf", "K/a.network"], ["closed K/a.network.d", "closed K", "late K"]),
        (["T/a.network"], ["closed T"]),
        (["/etc/netplan/a.yaml", "Kother/a.network"], []),
        ([], []),
    ],
)
def test_each_folder_that_networkd_does_not_read_is_told_once(
    monkeypatch: pytest.MonkeyPatch, paths: list[str], told: list[str]
) -> None:
    monkeypatch.setattr(networkd, "KEPT", "K")
    monkeypatch.setattr(networkd, "TRIAL", "T")
    monkeypatch.setattr(networkd_read_check, "unreadable_folder", lambda folder: f"closed {folder}")
    monkeypatch.setattr(networkd_read_check, "mounted_late", lambda folder: f"late {folder}")
    if not told:
        networkd_read_check.refuse(paths)
        return
    with pytest.raises(VirtfleetError) as caught:
        networkd_read_check.refuse(paths)
    assert str(caught.value).splitlines()[1:] == told


@pytest.mark.parametrize("silent", [OSError("no"), subprocess.TimeoutExpired("systemctl", 20)])
def test_where_systemd_does_not_answer_networkd_waits_for_its_folder(
    monkeypatch: pytest.MonkeyPatch, silent: Exception
) -> None:
    def run(_command: list[str], _seconds: float) -> tuple[int, str, str]:
        raise silent

    monkeypatch.setattr(network, "run", run)
    assert networkd_read_check.is_waited_for("/usr/local") is True


@pytest.mark.parametrize(
    ("mounts", "told", "late"),
    [
        ({"/", "/usr/local"}, "After=-.mount local.target\nRequiresMountsFor=/run/systemd/netif\n", "/usr/local"),
        ({"/", "/usr/local"}, "After=-.mount usr-local.mount\nRequiresMountsFor=\n", ""),
        ({"/", "/usr/local"}, "After=\nRequiresMountsFor=/usr/local/lib\n", ""),
        ({"/", "/usr/local"}, "After=local-fs.target\n", ""),
        ({"/", "/usr/local/lib/systemd"}, "After=-.mount\n", "/usr/local/lib/systemd"),
        ({"/", "/usr"}, "After=-.mount\n", ""),
        ({"/"}, "After=-.mount\n", ""),
        (set(), "", ""),
    ],
)
def test_a_folder_that_is_mounted_after_networkd_is_refused(
    monkeypatch: pytest.MonkeyPatch, mounts: set[str], told: str, late: str
) -> None:
    user(monkeypatch)
    monkeypatch.setattr(networkd_read_check.fixed_files, "mounts", lambda: mounts)
    monkeypatch.setattr(network, "run", lambda command, seconds: (0, told, ""))
    said = networkd_read_check.mounted_late(networkd.KEPT)
    assert (f"a file system of its own, {late}," in said and f"RequiresMountsFor={late}" in said) if late else not said


def test_a_name_of_a_mount_is_written_as_systemd_does() -> None:
    assert networkd_read_check.escaped("/srv/a b-c") == "srv-a\\x20b\\x2dc"
    assert networkd_read_check.escaped("/.net/é.x") == "\\x2enet-\\xc3\\xa9.x"


def test_folders_have_their_mode_whatever_a_service_leaves_out(tmp_path: pathlib.Path) -> None:
    old = os.umask(0o077)
    try:
        files.make_folder(str(tmp_path / "a/b"))
        files.make_folder(str(tmp_path / "c"), 0o700)
    finally:
        os.umask(old)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "c")] == [0o755, 0o755, 0o700]
