# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the place of a file that describes the network hangs nobody, and is refused by its name."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import dhcp_identity, observe, reading
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nothing here takes ten seconds, but what hangs does."""
    signal.alarm(10)
    yield
    signal.alarm(0)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # A socket's path has 107 bytes.
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "FIFO": (os.mkfifo, "is a FIFO, not a file"),
    "link to a FIFO": (
        lambda path: (os.mkfifo(path.parent / "other"), path.symlink_to("other")),
        "is a FIFO, not a file",
    ),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), "not a file|cannot be read"),
    "folder": (Path.mkdir, "is a folder, not a file"),
    "socket": (a_socket, "is a socket, not a file"),
    "terabyte": (sparse, "has more than 1 MiB"),
    "loop": (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels of symbolic links"),
}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("netplan", "units"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(observe, "NETPLAN_FOLDERS", (str(tmp_path / "netplan"),))
    monkeypatch.setattr(observe, "UNIT_FOLDERS", (str(tmp_path / "units"),))
    return tmp_path


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", ["netplan/50-a.yaml", "units/a.network", "units/b.netdev", "units/a.network.d/c.conf"])
def test_what_is_no_file_is_refused_by_its_name(folders: Path, kind: str, name: str) -> None:
    make, said = ODD[kind]
    path = folders / name
    path.parent.mkdir(exist_ok=True)
    make(path)
    with pytest.raises(VirtfleetError, match=said) as caught:
        [*observe.netplan_files(), *observe.units()]
    assert str(path) in str(caught.value)
    # Where it is only looked at, it is as if it was not there.
    if kind != "terabyte":
        assert reading.text_or_nothing(path) == ""


def test_a_mask_is_empty_and_what_has_gone_is_nothing(folders: Path) -> None:
    for name in ("netplan/50-a.yaml", "units/a.network"):
        (folders / name).symlink_to("/dev/null")
    (folders / "units/gone.network").symlink_to("nowhere")
    assert [(file.name, file.text) for file in observe.netplan_files()] == [("50-a.yaml", "")]
    assert list(observe.units()) == [(str(folders / "units/a.network"), "")]
    assert reading.described(folders / "netplan/never.yaml") is None
    # netplan fails of it.
    (folders / "netplan/60-b.yaml").symlink_to("nowhere")
    with pytest.raises(VirtfleetError, match=r"60-b.yaml cannot be read: No such file"):
        list(observe.netplan_files())


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a: \xff\r\nb: 1\rc\n")
    assert reading.text(path) == "a: \udcff\nb: 1\nc\n"
    assert reading.text("/proc/self/status").startswith("Name:")


def test_a_setting_of_the_kernel_can_be_read() -> None:
    assert reading.text_or_nothing("/proc/sys/kernel/ostype") == "Linux\n"


def test_a_lease_that_is_a_fifo_hangs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "lease")
    monkeypatch.setattr(dhcp_identity, "from_networkctl", lambda name: "from networkctl")
    state = {"DHCP_LEASE": str(tmp_path / "lease"), "NETWORK_FILE": "/etc/x.network"}
    assert dhcp_identity.client_id("eno1", state) == "from networkctl"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("hangs", "did not end within 30 s"),
        ("fails", "Cannot open netlink socket"),
        ("no JSON", "no JSON"),
        ("nothing", "no device"),
        ("is missing", "install iproute2"),
        ("may not run", "Permission denied"),
    ],
)
def test_an_ip_that_does_not_tell_is_an_error_with_a_name(monkeypatch: pytest.MonkeyPatch, how: str, said: str) -> None:
    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if how == "hangs":
            raise subprocess.TimeoutExpired(command, seconds)
        if how == "is missing":
            raise FileNotFoundError(2, "No such file or directory", "ip")
        if how == "may not run":
            raise PermissionError(13, "Permission denied", "ip")
        return {"fails": (1, "", "Cannot open netlink socket"), "no JSON": (0, "[{", "")}.get(how, (0, "", ""))

    monkeypatch.setattr(network, "run", run)
    with pytest.raises(VirtfleetError, match=said):
        observe.host()


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("LoadState=masked\nActiveState=inactive\n", True),
        ("LoadState=masked\nActiveState=failed\n", True),
        ("LoadState=masked\nActiveState=active\n", False),
        ("LoadState=loaded\nActiveState=inactive\n", False),
        ("", False),
    ],
)
def test_a_networkd_that_may_not_be_started_is_refused(
    monkeypatch: pytest.MonkeyPatch, state: str, refused: bool
) -> None:
    monkeypatch.setattr(network, "run", lambda command, seconds: (0, state, ""))
    with pytest.raises(VirtfleetError, match="masked") if refused else contextlib.nullcontext():
        observe.refuse_masked()
