# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters between options and libvirt's XML, and one that selects; on the control node."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils import _query, _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, readable
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._filter_errors import with_filter_errors

display = Display()


def from_xml(table: Table, text: str, secrets: bool) -> dict[str, object]:
    """The options of a definition. That secrets are left out of them is a warning: what is made of it lacks them."""
    read = _xml_conversion.read_xml(table, text, secrets)
    if read.secrets and not secrets:
        it = "it" if len(read.secrets) == 1 else "them"
        name = f"{table.kind} {label(read.config.get('name'))}"
        display.warning(
            readable(
                f"{table.kind}_from_xml: {name}: left out, as secrets are: {', '.join(read.secrets)}. A new"
                f" {table.kind} lacks {it}: write {it} where nobody reads along, or give the filter secrets: true"
            )
        )
    return read.config


def domain_from_xml(text: str, secrets: bool = False) -> dict[str, object]:
    """The options of a domain's definition."""
    return from_xml(DOMAIN, text, secrets)


def domain_to_xml(item: Item, virt: str = "kvm") -> str:
    """The definition that a new domain gets."""
    return _xml_conversion.to_xml(DOMAIN, item, virt)


def network_from_xml(text: str, secrets: bool = False) -> dict[str, object]:
    """The options of a network's definition."""
    return from_xml(NETWORK, text, secrets)


def network_to_xml(item: Item) -> str:
    """The definition that a new network gets."""
    return _xml_conversion.to_xml(NETWORK, item)


def pool_from_xml(text: str, secrets: bool = False) -> dict[str, object]:
    """The options of a pool's definition."""
    return from_xml(POOL, text, secrets)


def pool_to_xml(item: Item) -> str:
    """The definition that a new pool gets."""
    return _xml_conversion.to_xml(POOL, item)


def volume_from_xml(text: str, secrets: bool = False) -> dict[str, object]:
    """The options of a volume's definition."""
    return from_xml(VOLUME, text, secrets)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable[..., object]]:
        """The filters by name."""
        return {
            "domain_from_xml": with_filter_errors("domain_from_xml", domain_from_xml),
            "domain_to_xml": with_filter_errors("domain_to_xml", domain_to_xml),
            "network_from_xml": with_filter_errors("network_from_xml", network_from_xml),
            "network_to_xml": with_filter_errors("network_to_xml", network_to_xml),
            "pool_from_xml": with_filter_errors("pool_from_xml", pool_from_xml),
            "pool_to_xml": with_filter_errors("pool_to_xml", pool_to_xml),
            "query": with_filter_errors("query", _query.select),
            "volume_from_xml": with_filter_errors("volume_from_xml", volume_from_xml),
            "volume_to_xml": with_filter_errors("volume_to_xml", _xml_conversion.volume_to_xml),
        }
