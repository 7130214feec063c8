# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the part of libvirt's binding that is for QEMU alone."""

from __future__ import annotations

import typing as t


def qemuAgentCommand(domain: t.Any, order: str, timeout: int, flags: int) -> str:  # noqa: N802
    """What a guest's agent answers."""
    return str(domain.command(order, timeout))
