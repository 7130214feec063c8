# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a guest that is transient, which has but what runs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.info import entry
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.observe import kept_definition
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

LABEL = """<seclabel type='dynamic' model='dac' relabel='yes'><label>+64055:+64055</label>
<imagelabel>+64055:+64055</imagelabel></seclabel>"""
CPU = "<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>qemu64</model></cpu>"
STATIC = """<seclabel type='static' model='dac' relabel='yes'><label>64055:64055</label>
<imagelabel>64055:64055</imagelabel></seclabel>"""


@pytest.mark.parametrize("asked", [True, False])
def test_what_libvirt_only_reports_is_no_part_of_it(asked: bool) -> None:
    text = f"<domain type='qemu'><name>t</name><memory>65536</memory><os><type>hvm</type></os>{CPU}{LABEL}</domain>"
    guest = SimpleNamespace(XMLDesc=lambda _flags: text, isPersistent=lambda: False)
    told = entry(DOMAIN, Observed(kept_definition(guest, None if asked else True), None, "running", {}, False))
    assert told["uncovered"] == []
    assert "seclabels" not in told["config"]
    assert "check" not in told["config"]["cpu"]


def test_a_label_that_somebody_gave_stays() -> None:
    text = f"<domain type='qemu'><name>t</name><memory>65536</memory><os><type>hvm</type></os>{STATIC}</domain>"
    guest = SimpleNamespace(XMLDesc=lambda _flags: text, isPersistent=lambda: False)
    told = entry(DOMAIN, Observed(kept_definition(guest), None, "running", {}, False))
    assert told["uncovered"] == []
    (label,) = told["config"]["seclabels"]
    assert label["label"] == "64055:64055"
