# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of libvirt with a code of the test's choice."""

from __future__ import annotations

import libvirt


class Failed(libvirt.libvirtError):  # type: ignore[misc]
    """An error of libvirt's, with its code."""

    def __init__(self, code: int, words: str = "failed") -> None:
        super().__init__(words)
        self.code = code

    def get_error_code(self) -> int:
        return self.code
