# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CPU and its tuning: what null leaves, what is the default, and the bounds of numbers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.null_options import changed_paths, unchanged_by_null


@pytest.mark.parametrize(
    ("option", "part", "left"),
    [
        (
            "cpu",
            "<cpu mode='custom' match='exact' check='partial'>"
            "<model fallback='forbid' vendor_id='GenuineIntel'>EPYC</model><vendor>AMD</vendor>"
            "<topology sockets='1' dies='2' clusters='3' cores='1' threads='1'/>"
            "<cache level='3' mode='emulate'/></cpu>",
            "model fallback match mode check",
        ),
        (
            "cpu",
            "<cpu mode='host-passthrough' check='none' migratable='on' deprecated_features='on'>"
            "<maxphysaddr mode='emulate' bits='42'/></cpu>",
            "migratable mode check",
        ),
        (
            "cputune",
            "<cputune><shares>1</shares><period>1000</period><quota>-1</quota><global_period>1000"
            "</global_period><global_quota>-1</global_quota><emulator_period>1000</emulator_period>"
            "<emulator_quota>-1</emulator_quota><iothread_period>1000</iothread_period><iothread_quota>-1"
            "</iothread_quota></cputune>",
            "",
        ),
        (
            "vcpu_states",
            "<vcpu current='1'>2</vcpu><vcpus><vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>"
            "<vcpu id='1' enabled='no' hotpluggable='yes'/></vcpus>",
            "hotpluggable order 1.hotpluggable",
        ),
    ],
)
def test_what_null_leaves_of_a_cpu(option: str, part: str, left: str) -> None:
    assert unchanged_by_null(part, option) == left


TOPOLOGY = "<cpu mode='host-passthrough' check='none'><topology sockets='1'{} cores='1' threads='1'/></cpu>"


@pytest.mark.parametrize(
    ("more", "want", "changed"),
    [
        ("", {"dies": 1, "clusters": 1}, []),
        (" dies='1' clusters='1'", {"dies": None, "clusters": None}, []),
        ("", {"dies": 2}, ["cpu.topology.dies"]),
        ("", {"clusters": 2}, ["cpu.topology.clusters"]),
        (" dies='2' clusters='2'", {}, []),
        (" dies='2'", {"dies": None}, ["cpu.topology.dies"]),
        (" clusters='2'", {"clusters": 1}, ["cpu.topology.clusters"]),
    ],
)
def test_the_defaults_of_the_topology(more: str, want: dict[str, Any], changed: list[str]) -> None:
    assert changed_paths(TOPOLOGY.format(more), "cpu", {"topology": want}) == changed


QUOTAS = ("quota", "global_quota", "emulator_quota", "iothread_quota")
PERIODS = ("period", "global_period", "emulator_period", "iothread_period")


@pytest.mark.parametrize(
    ("where", "least", "most"),
    [
        *(({"cputune": {name: ...}}, -1, 17592186044415) for name in QUOTAS),
        *(({"cputune": {name: ...}}, 1000, 1000000) for name in PERIODS),
        ({"vcpus": ...}, 1, 4096),
        ({"cpu": {"cache": {"mode": "emulate", "level": ...}}}, 1, 3),
        ({"cpu": {"numa": {"cells": [{"memory": "1MiB", "distances": [{"id": 0, "value": ...}]}]}}}, 10, 255),
    ],
)
def test_the_bounds_of_a_number(where: dict[str, Any], least: int, most: int) -> None:
    def put(value: Any, number: int) -> Any:
        if isinstance(value, dict):
            return {name: put(inner, number) for name, inner in value.items()}
        if isinstance(value, list):
            return [put(inner, number) for inner in value]
        return number if value is ... else value

    def said(number: int) -> list[str]:
        guest = {"name": "n", "memory": "64MiB", **put(where, number)}
        return [str(problem).partition(": ")[2] for problem in DOMAIN.parse_item(guest)[1]]

    assert [said(least), said(most)] == [[], []]
    assert said(least - 1) == [f"{least - 1} is less than {least}"]
    assert said(most + 1) == [f"{most + 1} is more than {most}"]
