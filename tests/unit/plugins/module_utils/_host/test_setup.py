# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells without apt and systemctl that the role host has nothing to do; in any doubt it has."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import setup
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.daemons import Daemons

STATUS = """Package: there
Architecture: amd64
Status: install ok installed
Version: 1

Package: held
Architecture: amd64
Status: hold ok installed

Package: half
Architecture: amd64
Status: install ok half-configured

Package: gone
Architecture: amd64
Status: deinstall ok config-files

Package: dependency
Architecture: amd64
Status: install ok installed

Package: foreign
Architecture: i386
Status: install ok installed

Package: own
Architecture: i386
Status: install ok installed

Package: own
Architecture: amd64
Status: install ok installed

Package: any
Architecture: all
Status: install ok installed

Package: last
Architecture: amd64
Status: install ok installed
"""
AUTOMATIC = """Package: dependency
Architecture: amd64
Auto-Installed: 1

Package: there
Architecture: amd64
Auto-Installed: 0
"""


@pytest.mark.parametrize("name", ["there", "held", "last"])
def test_a_package_that_is_there(tmp_path: Path, name: str) -> None:
    assert doubtful(tmp_path, name) == []


@pytest.mark.parametrize("name", ["half", "gone", "dependency", "never", "there=1", "there:amd64", "the*", "-t", "Pkg"])
def test_a_package_that_apt_has_to_look_at(tmp_path: Path, name: str) -> None:
    assert doubtful(tmp_path, name) == [name]


def test_without_a_database_nothing_is_there(tmp_path: Path) -> None:
    assert setup.doubtful_packages(["there"], str(tmp_path / "no"), str(tmp_path / "file")) == ["there"]


def test_without_notes_of_apt_nothing_came_as_a_dependency(tmp_path: Path) -> None:
    (tmp_path / "status").write_text(STATUS)
    assert doubtful(tmp_path, "dependency", automatic="") == []


@pytest.mark.parametrize(
    ("name", "own", "doubt"),
    [
        ("foreign", "amd64\ni386\n", True),
        ("own", "amd64\ni386\n", False),
        ("any", "amd64\n", False),
        ("foreign", "", False),
    ],
)
def test_a_package_of_another_architecture_is_not_there(tmp_path: Path, name: str, own: str, doubt: bool) -> None:
    assert doubtful(tmp_path, name, own=own) == ([name] if doubt else [])


def test_a_package_that_is_wanted_twice_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "status").write_text(STATUS)
    assert setup.doubtful_packages(["never", "never"], str(tmp_path / "status")) == ["never"]


def doubtful(folder: Path, name: str, automatic: str = AUTOMATIC, own: str = "amd64\ni386\n") -> list[str]:
    """What is doubtful of one package."""
    files = {"status": STATUS, "automatic": automatic, "arch": own}
    for file, text in files.items():
        (folder / file).write_text(text)
    return setup.doubtful_packages([name], *(str(folder / file) for file in files))


UNITS = Daemons(
    "monolithic", ["libvirtd.socket", "libvirtd.service", "other.service"], ["libvirtd.socket", "other.service"]
)
UNIX = """Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 21416634 /run/libvirt/libvirt-sock
0000000000000000: 00000003 00000000 00000000 0001 03 21323858
0000000000000000: 00000003 00000000 00000000 0001 03 21323845 /run/libvirt/libvirt-sock
"""


@pytest.fixture
def systemd(tmp_path: Path) -> Path:
    """A host whose units are as they are to be."""
    for unit, target in (
        ("libvirtd.socket", "sockets.target.wants"),
        ("libvirtd.service", "multi-user.target.wants"),
        ("other.service", "multi-user.target.requires"),
    ):
        folder = tmp_path / "etc" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")
    for folder in ("usr", "run/systemd/units", "proc/1/fd", "proc/net"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/libvirtd.socket").write_text("[Socket]\nListenStream=/run/libvirt/libvirt-sock\nSocketMode=0666\n")
    (tmp_path / "run/systemd/units/invocation:other.service").symlink_to("0123456789abcdef")
    (tmp_path / "proc/1/fd/12").symlink_to("socket:[21416634]")
    (tmp_path / "proc/1/fd/13").symlink_to("/dev/null")
    (tmp_path / "proc/net/unix").write_text(UNIX)
    return tmp_path


def test_units_that_are_enabled_and_started(systemd: Path) -> None:
    assert units(systemd) == []


def test_a_socket_that_the_daemon_has_opened_itself(systemd: Path) -> None:
    (systemd / "proc/1/fd/12").unlink()
    assert units(systemd) == ["libvirtd.socket"]


def test_a_socket_that_does_not_listen(systemd: Path) -> None:
    (systemd / "proc/net/unix").write_text(UNIX.replace("00010000", "00000000"))
    assert units(systemd) == ["libvirtd.socket"]


OTHERS = "0000000000000000: 00000002 00000000 00010000 0001 01 77 /run/other\n"


@pytest.fixture
def stopped_socket(systemd: Path) -> Path:
    """A host whose libvirtd runs, while its socket is stopped; another socket listens."""
    (systemd / "proc/1/fd/12").unlink()
    (systemd / "proc/1/fd/14").symlink_to("socket:[77]")
    (systemd / "proc/net/unix").write_text(UNIX + OTHERS)
    (systemd / "run/systemd/units/invocation:libvirtd.service").symlink_to("0123456789abcdef")
    return systemd


def blocking(folder: Path, units: Daemons = UNITS) -> list[str]:
    return setup.blocking(units, [str(folder / "etc"), str(folder / "usr")], str(folder))


def test_a_service_that_keeps_its_socket_from_starting(stopped_socket: Path) -> None:
    """systemd refuses to start the socket of a service that runs: each run of the role failed."""
    assert blocking(stopped_socket) == ["libvirtd.service"]


@pytest.mark.parametrize("what", ["the service is stopped", "the socket listens", "a drop-in", "nothing is seen"])
def test_services_that_are_in_the_way_of_nothing(stopped_socket: Path, what: str) -> None:
    if what == "the service is stopped":
        (stopped_socket / "run/systemd/units/invocation:libvirtd.service").unlink()
    elif what == "the socket listens":
        (stopped_socket / "proc/1/fd/12").symlink_to("socket:[21416634]")
    elif what == "a drop-in":
        (stopped_socket / "etc/libvirtd.socket.d").mkdir()
    else:  # As for anybody but root.
        (stopped_socket / "proc/1/fd/14").unlink()
    assert blocking(stopped_socket) == []


def test_what_keeps_the_logs_and_locks_of_guests_is_not_stopped(stopped_socket: Path) -> None:
    (stopped_socket / "usr/virtlogd.socket").write_text("[Socket]\nListenStream=/run/libvirt/virtlogd-sock\n")
    (stopped_socket / "run/systemd/units/invocation:virtlogd.service").symlink_to("0123456789abcdef")
    units = Daemons("monolithic", ["virtlogd.socket"], ["virtlogd.socket"])
    assert blocking(stopped_socket, units) == []


def test_a_socket_that_a_drop_in_changes(systemd: Path) -> None:
    (systemd / "etc/libvirtd.socket.d").mkdir()
    assert units(systemd) == ["libvirtd.socket"]


def test_an_administrators_unit_counts(systemd: Path) -> None:
    (systemd / "etc/libvirtd.socket").write_text("[Socket]\nListenStream=/run/elsewhere\n")
    assert units(systemd) == ["libvirtd.socket"]


def test_a_socket_without_a_path(systemd: Path) -> None:
    (systemd / "usr/libvirtd.socket").write_text("[Socket]\nListenStream=16509\n")
    assert units(systemd) == ["libvirtd.socket"]


def test_a_service_that_is_to_run_and_does_not(systemd: Path) -> None:
    (systemd / "run/systemd/units/invocation:other.service").unlink()
    assert units(systemd) == ["other.service"]


def test_a_service_that_is_not_enabled(systemd: Path) -> None:
    (systemd / "etc/multi-user.target.wants/libvirtd.service").unlink()
    assert units(systemd) == ["libvirtd.service"]


def test_a_link_to_another_unit_enables_nothing(systemd: Path) -> None:
    link = systemd / "etc/multi-user.target.wants/libvirtd.service"
    link.unlink()
    link.symlink_to("/dev/null")
    assert units(systemd) == ["libvirtd.service"]


def test_without_systemd_nothing_is_known(tmp_path: Path) -> None:
    assert units(tmp_path) == UNITS.units


def units(folder: Path) -> list[str]:
    """What is doubtful of the units."""
    return setup.doubtful_units(UNITS, (str(folder / "etc"), str(folder / "usr")), str(folder))


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    """A host whose apt has read its settings."""
    (tmp_path / "status").write_text("Package: python3-apt\nStatus: install ok installed\n", encoding="utf-8")
    (tmp_path / "sources.list.d").mkdir()
    for name in ("sources.list", "sources.list.d/debian.sources"):
        (tmp_path / name).write_text("", encoding="utf-8")
    later = time.time() + 10
    (tmp_path / "lists").mkdir()
    os.utime(tmp_path / "lists", (later, later))
    return tmp_path


def apt_doubt(folder: Path) -> str | None:
    settings = (f"{folder}/sources.list", f"{folder}/*.d/*")
    return setup.apt_doubt(str(folder / "status"), settings, (str(folder / "lists"), str(folder / "stamp")))


def test_an_apt_that_has_read_its_settings_has_nothing_to_say(apt: Path) -> None:
    assert apt_doubt(apt) is None


@pytest.mark.parametrize("name", ["sources.list", "sources.list.d/new.list"])
def test_settings_that_apt_has_not_read(apt: Path, name: str) -> None:
    (apt / name).write_text("deb nowhere\n", encoding="utf-8")
    much_later = time.time() + 60
    os.utime(apt / name, (much_later, much_later))
    assert apt_doubt(apt) == f"{apt}/{name} has changed since apt last read it"


def test_settings_that_were_written_long_ago_and_put_there_just_now(apt: Path) -> None:
    os.utime(apt / "lists", (time.time() - 60, time.time() - 60))
    os.utime(apt / "sources.list", (0, 0))
    assert apt_doubt(apt) is not None


def test_a_link_of_settings_that_leads_nowhere(apt: Path) -> None:
    (apt / "sources.list.d/lost.list").symlink_to(apt / "nowhere")
    assert apt_doubt(apt) == f"{apt}/sources.list.d/lost.list has changed since apt last read it"


def test_an_apt_that_has_never_read_anything(apt: Path) -> None:
    (apt / "lists").rmdir()
    assert apt_doubt(apt) == "apt has not read its sources yet"


def test_an_apt_that_ansible_cannot_ask(apt: Path) -> None:
    (apt / "status").write_text("Package: python3-apt\nStatus: deinstall ok config-files\n", encoding="utf-8")
    assert apt_doubt(apt) == "python3-apt is missing"
