# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be wrong with the declaration of a fleet, and may be right: the check warns of it, and the run goes on."""

from __future__ import annotations

import typing as t

from .._engine.table import nested
from .._kinds.domain.table import DOMAIN
from . import close_names, encrypted, large_disks, secrets, waiting
from .unique import entries, word


def doubts(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]) -> list[str]:
    """A sentence for each.

    :param variables: by host, the lists of its declaration, evaluated
    """
    found: list[str] = []
    for host in hosts:
        values = variables[host]
        listed = entries(values, "kvm_guests")
        guests = [DOMAIN.written_out(one) for one in listed if word(one, "host") == host and not nested(one)]
        images = {word(image, "name"): image for image in entries(values, "kvm_images")}
        found += close_names.of_host(guests, host, values)
        found += waiting.without_agent(guests, images)
        found += large_disks.doubts(guests, values)
        found += secrets.slips(guests, host, values)
        found += [line for starts, line in encrypted.problems(guests, values) if starts]
    return list(dict.fromkeys(found))
