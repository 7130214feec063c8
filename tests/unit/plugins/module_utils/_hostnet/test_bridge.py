# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a bridge are its own, whatever the root of its spanning tree is set to."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import bridge, live
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

# As iproute2 6.1 shows a bridge of 7 seconds below a root of 15: its own id is both.
FOREIGN = {
    "forward_delay": 1500,
    "stp_state": 1,
    "root_id": "8000.16:36:9d:e9:c2:c8",
    "bridge_id": "8000.16:36:9d:e9:c2:c8",
    "root_port": 1,
    "root_path_cost": 2,
}


def answering(monkeypatch: pytest.MonkeyPatch, own: int | None) -> list[bytes]:
    """A kernel that tells a bridge's own delay, or has forgotten how to."""
    asked = []

    def ioctl(_file: Any, request: int, argument: bytes) -> None:
        name, address = struct.unpack("16sP16x", argument)
        asked.append(name.rstrip(b"\0"))
        arguments = (ctypes.c_ulong * 4).from_address(address)
        assert (request, arguments[0]) == (0x89F0, 6)
        if own is None:
            raise OSError(95, "Operation not supported")
        # designated_root, bridge_id, root_path_cost, max_age, hello_time, forward_delay, bridge_max_age,
        # bridge_hello_time, bridge_forward_delay, four flags (linux/if_bridge.h): as Linux 6.18 answers.
        info = struct.pack("=QQ7I4B", 1, 2, 2, 2000, 200, 3750, 5000, 500, own, 0, 0, 1, 1)
        ctypes.memmove(arguments[1], info, len(info))

    monkeypatch.setattr(bridge.fcntl, "ioctl", ioctl)
    return asked


def test_the_delay_is_the_bridges_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 700)
    assert bridge.settings("br0", FOREIGN) == {**FOREIGN, "forward_delay": 700}
    assert asked == [b"br0"]


@pytest.mark.parametrize("key", ["root_port", "root_path_cost"])
def test_the_delay_of_a_root_elsewhere_is_not_taken_for_the_bridges(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    answering(monkeypatch, None)
    assert "forward_delay" not in bridge.settings("br0", {**FOREIGN, "root_port": 0, "root_path_cost": 0, key: 2})
    # The root shows its own.
    assert bridge.settings("br0", {**FOREIGN, "root_port": 0, "root_path_cost": 0})["forward_delay"] == 1500


def changes(declared: dict[str, Any], settings: dict[str, Any]) -> tuple[list[Any], LinksPlan]:
    """What is changed of a bridge with settings of the kernel's."""
    (item,) = LINK.parse([{"name": "br0", "type": "bridge", **declared}])
    out = LinksPlan()
    device = HostDevice("br0", kind="bridge", settings=settings)
    return [(c.path, c.before, c.after) for c in live.changes(item, Facts(devices={"br0": device}), out)], out


@pytest.mark.parametrize(
    ("declared", "settings"),
    [
        # The kernel raises what is too short for a spanning tree.
        ({"stp": True}, {"stp_state": 1, "forward_delay": 200}),
        ({"forward_delay": 0}, {"stp_state": 1, "forward_delay": 200}),
        ({"stp": True, "forward_delay": 2}, {"stp_state": 1, "forward_delay": 200}),
        # One that another program runs is a spanning tree as well.
        ({"stp": True, "forward_delay": 4}, {"stp_state": 2, "forward_delay": 400}),
        ({"forward_delay": 4}, {"stp_state": 1}),
        ({"stp": False, "forward_delay": 0}, {"stp_state": 0, "forward_delay": 0}),
    ],
)
def test_what_is_as_declared_is_no_change(declared: dict[str, Any], settings: dict[str, Any]) -> None:
    found, out = changes(declared, settings)
    assert (found, out.commands, out.undo) == ([], [], [])


def test_what_differs_is_changed_and_can_be_taken_back() -> None:
    found, out = changes({"stp": True, "forward_delay": 4}, {"stp_state": 0, "forward_delay": 0})
    assert found == [("stp", False, True), ("forward_delay", 0, 4)]
    assert [command[-2:] for command in out.commands] == [["stp_state", "1"], ["forward_delay", "400"]]
    assert [command[-2:] for command in out.undo] == [["stp_state", "0"], ["forward_delay", "0"]]


def test_a_delay_that_a_spanning_tree_cannot_have_is_refused() -> None:
    with pytest.raises(Exception, match="2 to 30"):
        LINK.parse([{"name": "br0", "type": "bridge", "stp": True, "forward_delay": 1}])
