# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read where libvirt does not answer."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection

POLKIT = (
    "authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'",
    "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
)


@pytest.mark.parametrize("words", POLKIT)
@pytest.mark.parametrize("number", [0, 4242424])
def test_a_forgotten_become_is_named(monkeypatch: pytest.MonkeyPatch, words: str, number: int) -> None:
    def refused(uri: str) -> Any:
        raise connection.libvirt.libvirtError(words)

    monkeypatch.setattr(connection.libvirt, "open", refused)
    monkeypatch.setattr(connection, "DAEMONS", ("/",))
    monkeypatch.setattr(os, "geteuid", lambda: number)
    with pytest.raises(VirtfleetError) as caught, connection.connect("qemu:///system"):
        pass
    told = str(caught.value)
    assert words in told
    if number == 0:
        assert told.startswith("libvirt does not answer at qemu:///system: ")
    else:
        assert told.startswith("Ansible works on the host as 4242424, who may not manage libvirt. Log in as root")
        assert "ansible_become: true" in told
