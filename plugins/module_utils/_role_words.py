# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages in the words of those who use the roles and playbooks: they write variables and lists, not parameters.

A message names a parameter with its variable behind it: ``remove_storage (guests_remove_storage of the role)``.
"""

from __future__ import annotations

import re

MODULE = re.compile(r"with virtfleet\.kvm\.\w+ \((kvm_\w+) of the role\)")
"""A module with the list of the role that declares the same."""

PARAMETER = re.compile(r"\w+ \((\w+) of the role\)")
"""A parameter of a module with the variable of the role."""

WITH_MODULE = re.compile(r"\b(start it|give it one) with virtfleet\.kvm\.(\w+)(?: and (state: \w+))?")
"""What to do with a module, and the state to give; the role's list is named like the module."""

PHRASES = {
    "state: absent of the module virtfleet.kvm.volumes": "state: absent in kvm_volumes",
    "state: absent among the volumes": "state: absent in kvm_volumes",
    "among the volumes (kvm_volumes)": "in kvm_volumes",
    "goes by the module virtfleet.kvm.volumes": "goes with state: absent in kvm_volumes",
    "into a volume (the module virtfleet.kvm.volumes)": "into a volume (kvm_volumes)",
    "kvm_pools, or the module virtfleet.kvm.pools": "kvm_pools",
}
"""What messages say of modules, and what is said of the lists that the roles take."""

DOMAIN = re.compile(r"^domain (?=\S)", re.MULTILINE)
"""A line about a guest, in libvirt's word."""


def for_role(text: str) -> str:
    """A message of a module for a task of a role: with its variables, and with guests in place of libvirt's domains.

    >>> for_role("domain web01: allow remove_tpm (guests_remove_tpm of the role)")
    'guest web01: allow guests_remove_tpm'

    :param text: the message
    """
    text = DOMAIN.sub("guest ", PARAMETER.sub(r"\1", MODULE.sub(r"in \1", text)))
    text = WITH_MODULE.sub(in_list, text)
    for phrase, ours in PHRASES.items():
        text = text.replace(phrase, ours)
    return text


def in_list(found: re.Match[str]) -> str:
    """What to do in the list of a role, in place of the module that declares the same."""
    do, module, state = found.groups()
    return f"{do} with {state} in kvm_{module}" if state else f"{do} in kvm_{module}"
