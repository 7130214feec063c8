# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which libvirt services a host has, by the units that systemd finds."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import daemons

SOCKETS = {
    "monolithic": ["libvirtd.socket", "libvirtd.service", "virtlogd.socket"],
    "modular": [
        "virtqemud.socket",
        "virtnetworkd.socket",
        "virtqemud.service",
        "virtnetworkd.service",
        "virtlogd.socket",
    ],
}


class Units:
    """Folders as systemd has them, for units to be put into."""

    def __init__(self, root: pathlib.Path) -> None:
        self.etc, self.run, self.lib = root / "etc", root / "run", root / "lib"
        for folder in (self.etc, self.run, self.lib):
            folder.mkdir()

    def install(self, model: str) -> None:
        for unit in SOCKETS[model]:
            (self.lib / unit).touch()

    def enable(self, unit: str) -> None:
        wants = self.etc / ("sockets.target.wants" if unit.endswith(".socket") else "multi-user.target.wants")
        wants.mkdir(exist_ok=True)
        (wants / unit).symlink_to(self.lib / unit)

    def mask(self, unit: str) -> None:
        (self.etc / unit).symlink_to("/dev/null")


@pytest.fixture
def units(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Units:
    found = Units(tmp_path)
    monkeypatch.setattr(daemons, "UNIT_FOLDERS", tuple(map(str, (found.etc, found.run, found.lib))))
    return found


def test_nothing_installed(units: Units) -> None:
    assert daemons.of_this_host() == (None, [], [])


@pytest.mark.parametrize("model", SOCKETS)
def test_one_kind_installed(units: Units, model: str) -> None:
    units.install(model)
    found = daemons.of_this_host()
    assert found.model == model
    assert set(found.units) == set(SOCKETS[model])


@pytest.mark.parametrize(
    ("enabled", "model"),
    [
        ([], "monolithic"),
        (["libvirtd.service"], "monolithic"),
        (["libvirtd.socket"], "monolithic"),
        (["virtqemud.socket"], "modular"),
        (["virtqemud.service"], "modular"),
        (["virtqemud.socket", "libvirtd.socket"], "monolithic"),
    ],
)
def test_both_kinds_installed(units: Units, enabled: list[str], model: str) -> None:
    for each in SOCKETS:
        units.install(each)
    for unit in enabled:
        units.enable(unit)
    assert daemons.of_this_host().model == model


def test_a_masked_unit_is_not_there(units: Units) -> None:
    units.install("monolithic")
    units.mask("libvirtd.socket")
    # Without its socket, nothing else would start the service.
    assert daemons.of_this_host() == ("monolithic", *[["libvirtd.service", "virtlogd.socket"]] * 2)
    units.mask("libvirtd.service")
    assert daemons.of_this_host() == (None, [], [])


def test_a_unit_that_a_package_enables_by_a_dangling_link_counts(units: Units) -> None:
    units.install("monolithic")
    units.install("modular")
    (units.etc / "sockets.target.wants").mkdir()
    (units.etc / "sockets.target.wants/virtqemud.socket").symlink_to("/nowhere/virtqemud.socket")
    assert daemons.of_this_host().model == "modular"


@pytest.mark.parametrize("model", SOCKETS)
def test_a_service_that_its_socket_starts_is_enabled_and_not_started(units: Units, model: str) -> None:
    """It ends by itself when nothing is to do; started again, every run would report a change."""
    units.install(model)
    found = daemons.of_this_host()
    assert {unit for unit in found.units if unit.endswith(".service")} != set()
    assert {unit for unit in found.started if unit.endswith(".service")} == set()
    assert set(found.started) == {unit for unit in SOCKETS[model] if unit.endswith(".socket")}


def test_all_sockets_of_modular_daemons(units: Units) -> None:
    """What https://libvirt.org/daemons.html has enabled, and the log daemon."""
    drivers = ("qemu", "interface", "network", "nodedev", "nwfilter", "secret", "storage", "proxy", "log")
    for driver in drivers:
        for kind in ("socket", "service"):
            (units.lib / f"virt{driver}d.{kind}").touch()
    found = daemons.of_this_host()
    assert set(found.started) == {f"virt{driver}d.socket" for driver in drivers}


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        ((), []),
        (("libvirtd.service",), ["libvirtd.service"]),
        (("virtqemud.socket", "virtqemud.service"), ["virtqemud.socket", "virtqemud.service"]),
    ],
)
def test_masked_services_of_libvirt_are_named(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, masks: tuple[str, ...], found: list[str]
) -> None:
    monkeypatch.setattr(daemons, "UNIT_FOLDERS", (str(tmp_path), str(tmp_path / "run"), "/none"))
    (tmp_path / "libvirtd.socket").touch()
    for name in masks:
        (tmp_path / name).symlink_to("/dev/null")
    assert daemons.masked() == found
