# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of volumes say where something goes wrong, and what they keep.

A new volume that is larger than declared does not stay: it would be refused for ever.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_actions import refuse_larger
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Forestalled, Making
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.removal import Going, InUse, NotRemoved

MIB = 1024**2


class Volume:
    """A volume as libvirt tells it after it was made."""

    def __init__(self, capacity: int, form: str | None, path: str = "/nowhere", kind: str = "file") -> None:
        self.parts = (kind, capacity, path, f"<format type='{form}'/>" if form else "")

    def XMLDesc(self) -> str:  # noqa: N802 - libvirt's name
        return "<volume type='{}'><capacity>{}</capacity><target><path>{}</path>{}</target></volume>".format(
            *self.parts
        )


@pytest.mark.parametrize(
    ("volume", "wrong"),
    [
        (Volume(MIB, "qcow2"), False),
        (Volume(MIB - 256, "qcow2"), False),
        (Volume(2 * MIB, "qcow2"), True),
        (Volume(1079296, "vpc"), False),
        (Volume(4 * MIB, "vpc"), True),
        (Volume(4 * MIB, None, kind="block"), False),
        (None, False),
    ],
)
def test_one_that_is_larger_is_refused(volume: Any, wrong: bool) -> None:
    making = Making({"name": "a", "pool": "p", "capacity": MIB - 512}, "<volume/>")
    with pytest.raises(VirtfleetError, match="came out as") if wrong else contextlib.nullcontext():
        refuse_larger(making, volume)


def test_what_is_raw_is_as_large_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"x" * MIB)
    item = {"name": "a", "pool": "p", "capacity": MIB, "format": "raw"}
    refuse_larger(Making(item, "<volume/>"), Volume(3 * MIB, "raw", str(path)))
    path.write_bytes(b"x" * 2 * MIB)
    with pytest.raises(VirtfleetError, match="came out as 2MiB, and not as 1MiB"):
        refuse_larger(Making(item, "<volume/>"), Volume(2 * MIB, "raw", str(path)))


def test_one_that_takes_the_size_of_its_image_is_as_large_as_that() -> None:
    refuse_larger(Making({"name": "a", "pool": "p"}, "<volume/>"), Volume(3 * MIB, "qcow2"))


def test_the_file_of_an_encrypted_one_is_larger(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"x" * 2 * MIB)
    item = {"name": "a", "pool": "p", "capacity": MIB, "format": "raw"}
    refuse_larger(Making({**item, "encryption": {"format": "luks"}}, "<volume/>"), Volume(MIB, "raw", str(path)))
    told = Volume(MIB, "raw", str(path))
    told.parts = (*told.parts[:3], "<format type='raw'/><encryption format='luks'/>")
    refuse_larger(Making(item, "<volume/>"), told)


class Failed(libvirt.libvirtError):  # type: ignore[misc]
    """An error of libvirt's, with its code."""

    def __init__(self, code: int = libvirt.VIR_ERR_INTERNAL_ERROR) -> None:
        super().__init__("no")
        self.code = code

    def get_error_code(self) -> int:
        return self.code

    def get_error_message(self) -> str:
        return "no"


class Other(VirtfleetError):
    """An error of another kind, which says where it is itself."""


def lost(monkeypatch: pytest.MonkeyPatch, cut: bool, ended: bool) -> None:
    """The connection may be cut by an error, or have ended."""
    monkeypatch.setattr(volume_actions, "cut", lambda _error: cut)
    monkeypatch.setattr(volume_actions, "ended", lambda _connection: ended)


@pytest.mark.parametrize(
    ("disk", "error", "cut", "ended", "kind", "said"),
    [
        (None, Failed(), False, False, Failed, "no"),
        (0, Failed(), False, False, VirtfleetError, "disks[0]: define: no"),
        (0, Failed(), True, False, Failed, "no"),
        (0, Failed(), False, True, Failed, "no"),
        (None, Failed(), True, True, Failed, "no"),
        (None, VirtfleetError("no"), False, False, VirtfleetError, "no"),
        (2, VirtfleetError("no"), False, False, VirtfleetError, "disks[2]: no"),
        (2, Forestalled("no"), False, False, Forestalled, "disks[2]: no"),
        (None, Forestalled("no"), False, False, Forestalled, "no"),
        (2, Other("no"), False, False, Other, "no"),
        (2, None, True, True, None, ""),
    ],
)
def test_a_volume_that_cannot_be_made_names_the_disk_of_its_guest(
    monkeypatch: pytest.MonkeyPatch,
    disk: int | None,
    error: Exception | None,
    cut: bool,
    ended: bool,
    kind: Any,
    said: str,
) -> None:
    def fails(*_args: Any) -> None:
        if error is not None:
            raise error

    lost(monkeypatch, cut, ended)
    monkeypatch.setattr(volume_actions, "make_noted", fails)
    step: Any = SimpleNamespace(value=Making({"name": "a", "pool": "p"}, "<volume/>", disk=disk), action="define")
    nothing: Any = None
    with contextlib.nullcontext() if kind is None else pytest.raises(kind) as told:
        volume_actions.volume_define(nothing, "g", step, nothing)
    if told is not None:
        assert (type(told.value), str(told.value)) == (kind, said)


class Host:
    """A host on which a volume is to go, with what was done there.

    :param there: the volumes that are there
    :param fails: the error of what is called so: ``last_look``, ``refuse_used``, ``delete``, ``spare``, ``pool``
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, there: set[str], fails: dict[str, Exception]) -> None:
        self.done: list[str] = []

        def act(what: str, *words: str) -> None:
            if what in fails:
                raise fails[what]
            self.done.append(" ".join((what, *words)))

        def pool(_connection: Any, name: str) -> Any:
            if "pool" in fails:
                raise fails["pool"]
            return name

        def find(pool: str, name: str) -> Any:
            return SimpleNamespace(delete=lambda _flags: act("delete")) if f"{pool}/{name}" in there else None

        monkeypatch.setattr(volume_actions, "active_pool", pool)
        monkeypatch.setattr(volume_actions, "lookup", find)
        monkeypatch.setattr(volume_actions, "find_volume", find)
        monkeypatch.setattr(volume_actions, "all_users", lambda _connection: "users")
        monkeypatch.setattr(volume_actions, "last_look", lambda _plan, _volume: act("last_look"))
        monkeypatch.setattr(volume_actions, "refuse_used", lambda _plan, _users: act("refuse_used"))
        monkeypatch.setattr(volume_actions.removal_notes, "spare", lambda _connection, key: act("spare", key))
        monkeypatch.setattr(
            volume_actions, "Manifest", lambda _uri: SimpleNamespace(drop=lambda *words: act("drop", *words))
        )

    def delete(self, plan: Going) -> None:
        connection: Any = SimpleNamespace(getURI=lambda: "qemu:///system")
        step: Any = SimpleNamespace(value=plan)
        volume_actions.volume_delete(connection, "x", step, None)


USED = InUse("is used")
LOOKED = ["last_look", "refuse_used", "last_look"]
OVER = "delete: the volume p/over is laid over it, and is still there"


@pytest.mark.parametrize(
    ("plan", "there", "done"),
    [
        (Going("p/a"), {"p/a"}, [*LOOKED, "delete", "drop volumes p/a"]),
        (Going("p/a", note="p/b"), {"p/a"}, [*LOOKED, "delete", "drop volumes p/b"]),
        (Going("p/a"), set(), ["drop volumes p/a"]),
        (Going("p/a", after=("p/x", "q/y")), {"p/a", "p/y"}, [*LOOKED, "delete", "drop volumes p/a"]),
    ],
)
def test_a_volume_goes_with_the_note_of_it(
    monkeypatch: pytest.MonkeyPatch, plan: Going, there: set[str], done: list[str]
) -> None:
    host = Host(monkeypatch, there, {})
    host.delete(plan)
    assert host.done == done


@pytest.mark.parametrize(
    ("plan", "fails", "done", "change", "said"),
    [
        (Going("p/a", after=("p/x", "p/over")), {}, [], "state", OVER),
        (Going("p/a", guest="g", after=("p/over",)), {}, [], "volume p/a", OVER),
        (Going("p/a"), {"pool": VirtfleetError("is off")}, [], "state", "is off"),
        (Going("p/a"), {"last_look": VirtfleetError("is another")}, [], "state", "is another"),
        (Going("p/a", guest="g"), {"last_look": VirtfleetError("is another")}, [], "volume p/a", "is another"),
        # Who has it by now keeps it for good, where it goes with a guest.
        (Going("p/a"), {"refuse_used": USED}, ["last_look"], "state", "is used"),
        (Going("p/a", guest="g"), {"refuse_used": USED}, ["last_look", "spare p/a"], "volume p/a", "is used"),
        (
            Going("p/a", guest="g", note="p/n"),
            {"refuse_used": USED},
            ["last_look", "spare p/n"],
            "volume p/a",
            "is used",
        ),
        (
            Going("p/a", guest="g"),
            {"refuse_used": USED, "spare": VirtfleetError("full")},
            ["last_look"],
            "volume p/a",
            "is used",
        ),
        (Going("p/a"), {"delete": Failed()}, LOOKED, "state", "delete: p/a stays: no"),
    ],
)
def test_a_volume_that_stays_keeps_the_note_of_it(
    monkeypatch: pytest.MonkeyPatch,
    plan: Going,
    fails: dict[str, Exception],
    done: list[str],
    change: str,
    said: str,
) -> None:
    host = Host(monkeypatch, {"p/a", "p/over"}, fails)
    lost(monkeypatch, False, False)
    with pytest.raises(NotRemoved) as told:
        host.delete(plan)
    assert (told.value.path, str(told.value), host.done) == (change, said, done)


def test_what_somebody_deleted_before_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, {"p/a"}, {"delete": Failed(libvirt.VIR_ERR_NO_STORAGE_VOL)})
    lost(monkeypatch, False, False)
    host.delete(Going("p/a"))
    assert host.done == [*LOOKED, "drop volumes p/a"]


@pytest.mark.parametrize(("cut", "ended"), [(True, False), (False, True)])
@pytest.mark.parametrize("code", [libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_NO_STORAGE_VOL])
def test_a_lost_connection_is_no_volume_that_stays(
    monkeypatch: pytest.MonkeyPatch, cut: bool, ended: bool, code: int
) -> None:
    host = Host(monkeypatch, {"p/a"}, {"delete": Failed(code)})
    lost(monkeypatch, cut, ended)
    with pytest.raises(Failed):
        host.delete(Going("p/a"))
    assert host.done == LOOKED


@pytest.mark.parametrize(
    ("others", "after", "expected"),
    [
        ((), (), None),
        (("gone",), ("p/gone",), None),
        (("gone", "web"), ("p/a",), "the guest web"),
        (("gone",), ("p/gone", "p/a"), "the volume p/a"),
        ((), ("q/a",), None),
    ],
)
def test_what_a_volume_waits_for(
    monkeypatch: pytest.MonkeyPatch, others: tuple[str, ...], after: tuple[str, ...], expected: str | None
) -> None:
    Host(monkeypatch, {"p/a"}, {})
    connection: Any = SimpleNamespace(listAllDomains=lambda _flags: [SimpleNamespace(name=lambda: "web")])
    assert volume_actions.waiting(connection, Going("p/b", others=others, after=after)) == expected


@pytest.mark.parametrize(
    ("there", "uri", "kind", "path", "again"),
    [
        (False, "qemu:///system", "dir", "gone", False),
        (True, "qemu+ssh://other/system", "dir", "gone", False),
        (True, "qemu:///system", "dir", "file", False),
        (True, "qemu:///system", "dir", "lost link", False),
        (True, "qemu:///system", "dir", "no/gone", False),
        (True, "qemu:///system", "logical", "gone", False),
        (True, "qemu:///system", "dir", "", False),
        (True, "qemu:///system", "dir", "gone", True),
        (True, "qemu:///system", "fs", "gone", True),
        (True, "qemu:///system", "netfs", "gone", True),
    ],
)
def test_a_volume_whose_file_is_gone_is_looked_for_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool, uri: str, kind: str, path: str, again: bool
) -> None:
    """One of another kind of pool has a path that is none of a file: rbd names it like that."""
    (tmp_path / "file").touch()
    (tmp_path / "lost link").symlink_to("nowhere")
    place = f"{tmp_path}/{path}" if path else "pool/image"
    volume = SimpleNamespace(path=lambda: place) if there else None
    refreshed: list[Any] = []
    monkeypatch.setattr(volume_actions, "lookup", lambda _pool, _name: None if refreshed else volume)
    monkeypatch.setattr(volume_actions, "refresh", refreshed.append)
    pool: Any = SimpleNamespace(
        connect=lambda: SimpleNamespace(getURI=lambda: uri), XMLDesc=lambda _flags: f"<pool type='{kind}'/>"
    )
    assert volume_actions.find_volume(pool, "x") is (None if again else volume)
    assert refreshed == [pool] * again
