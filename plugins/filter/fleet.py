# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over a fleet's declaration, on the control node."""

from __future__ import annotations

import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.virtfleet.kvm.plugins.module_utils import _fleet


def fleet_problems(hosts: t.Sequence[str], variables: t.Mapping[str, t.Any]) -> list[str]:
    """What is wrong with the declaration of a fleet, a sentence each.

    :param variables: ``hostvars``, or plain dictionaries by host
    """
    return _fleet.problems(hosts, {host: declared(host, variables) for host in hosts})


def declared(host: str, variables: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """What is declared for a host, its templates evaluated as a play on that host evaluates them.

    ``hostvars`` itself evaluates them without ``hostvars``, so that no guest could name what another
    host has.
    """
    if not hasattr(variables, "raw_get"):
        return t.cast("t.Mapping[str, t.Any]", variables[host])
    raw = variables.raw_get(host)
    templar = Templar(loader=DataLoader(), variables={**raw, "hostvars": variables})
    return {name: templar.template(raw[name]) for name in _fleet.VARIABLES if name in raw}


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"fleet_problems": fleet_problems, "guests_on": _fleet.guests_on}
