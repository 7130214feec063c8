# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for the variables of Ansible's hosts, which the control node looks at."""

from __future__ import annotations

import typing as t

VariableValue = t.Any
"""The value of a variable, or one within it: anything that YAML has, or that a template makes."""

Variables = t.Mapping[str, VariableValue]
"""The variables of a host, by name."""

ByHost = t.Mapping[str, Variables]
"""The variables of each host, by its name: Ansible's ``hostvars``, or plain dictionaries."""
