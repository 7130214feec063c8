# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module's process spares itself is put back, for the process may serve other modules too."""

from __future__ import annotations

import gc

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.process import uncollected


@uncollected()
def collecting(fails: bool = False) -> bool:
    """Whether garbage is searched for meanwhile."""
    if fails:
        raise SystemExit(1)
    return gc.isenabled()


def test_garbage_is_not_searched_for_meanwhile() -> None:
    assert gc.isenabled()
    assert not collecting()
    assert gc.isenabled()


def test_it_is_again_after_a_module_has_ended() -> None:
    with pytest.raises(SystemExit):
        collecting(fails=True)
    assert gc.isenabled()


def test_who_had_stopped_it_before_is_not_overruled() -> None:
    gc.disable()
    try:
        assert not collecting()
        assert not gc.isenabled()
    finally:
        gc.enable()
