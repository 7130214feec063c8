# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier tasks of the same run would have made by now. In check mode they make nothing.

The control node collects it (plugin_utils/_forecast), and hands it to the next module in check mode.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .storage_observe import Pool

Entries = t.Mapping[str, t.Optional[t.Mapping[str, t.Any]]]  # noqa: UP045 - sanity tests import it with older Pythons


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What would be there, by name, with what is known of it; None for what would be gone.

    :param networks: with ``state``, ``bridge`` and ``forward``, as far as they change
    :param pools: with ``state``, ``type`` and ``target``
    :param volumes: by identity, POOL/VOLUME
    :param links: network devices of the host
    """

    networks: Entries = dataclasses.field(default_factory=dict)
    pools: Entries = dataclasses.field(default_factory=dict)
    volumes: Entries = dataclasses.field(default_factory=dict)
    links: Entries = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, told: t.Any) -> Forecast:
        """The forecast that the control node handed over; an empty one for anything else."""
        if not isinstance(told, dict):
            return cls()
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: told[name] for name in names if isinstance(told.get(name), dict)})

    def gone(self, kind: str) -> set[str]:
        """The names of what would be gone.

        :param kind: ``network`` or ``pool``; of others it is not known
        """
        entries = {"network": self.networks, "pool": self.pools}.get(kind, {})
        return {name for name, facts in entries.items() if facts is None}

    def with_pools(self, there: t.Mapping[str, Pool]) -> dict[str, Pool]:
        """The pools of the host as they would be."""
        found = dict(there)
        for name, facts in self.pools.items():
            if facts is None:
                found.pop(name, None)
                continue
            old = found.get(name, Pool("dir", None, False))
            state = facts.get("state")
            found[name] = Pool(
                str(facts.get("type") or old.type),
                facts.get("target") or old.target,
                old.active if state is None else state == "active",
            )
        return found
