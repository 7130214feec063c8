# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests that are measured, as options and as the documents that make them."""

from __future__ import annotations

import typing as t
from importlib import import_module

Guest = dict[str, t.Any]


def guests(count: int) -> list[Guest]:
    """So many guests, each as an operator writes it."""
    return [guest(number) for number in range(count)]


def guest(number: int) -> Guest:
    """One guest with what most have."""
    name = f"guest{number:04}"
    return {
        "name": name,
        "title": f"Guest {number}",
        "description": "One of many, made by the benchmark",
        "virt": "qemu",
        "memory": "2GiB",
        "vcpus": 2,
        "boot": ["hd", "network"],
        "disks": [
            {"file": f"/var/lib/libvirt/images/{name}.qcow2", "serial": f"disk{number:04}"},
            {"file": f"/var/lib/libvirt/images/{name}-data.raw", "format": "raw"},
        ],
        "interfaces": [{"network": "default", "model": "virtio"}],
        "serials": [{"type": "file", "path": f"/var/log/libvirt/qemu/{name}.log"}],
        "state": "stopped",
    }


def documents(wants: list[Guest], machines: dict[str, str]) -> list[str]:
    """The documents that the collection has libvirt define for these guests where there are none yet."""
    # Imported by name: only a run has the collections in its path.
    base = "ansible_collections.virtfleet.kvm.plugins.module_utils"
    engine, context = import_module(f"{base}._engine.plan"), import_module(f"{base}._engine.rows.model")
    domain = import_module(f"{base}._kinds.domain.table").DOMAIN
    plans = engine.plan(domain, {}, domain.parse(wants), context.Host(virt="qemu", machines=machines))
    return [str(step.value) for entry in plans for step in entry.steps if step.action == "define"]
