# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules on a host that lacks what is declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast

Run = Callable[..., dict[str, Any]]

URI = "test:///default"

MODULES = {"domains": domains, "networks": networks, "pools": pools, "volumes": volumes}

BAD: dict[str, Any] = {"name": "bad", "memory": "64MiB"}


def call(run_main: Run, name: str, *config: dict[str, Any], **options: Any) -> dict[str, Any]:
    base = BAD if name == "domains" else {"name": "bad"}
    return run_main(MODULES[name].main, config=[{**base, **item} for item in config], uri=URI, **options)


def checked(run_main: Run, *steps: tuple[str, list[dict[str, Any]]], **options: Any) -> dict[str, Any]:
    """The last of some tasks in check mode, after what it is told of those before it."""
    known = dict[str, Any]()
    said = dict[str, Any]()
    for number, (name, config) in enumerate(steps, 1):
        more = options if number == len(steps) else {}
        said = call(run_main, name, *config, check=True, **({FORECAST: known} if known else {}), **more)
        known = _forecast.learn(known, said["changes"])
    return said
