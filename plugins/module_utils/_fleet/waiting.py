# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest needs that is waited for until its agent answers: a channel, and the agent itself.

A guest that is there may have the channel, which the host alone knows. An image may have the agent, which nobody knows.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._errors import Invalid
from .._kinds.domain.cloud_init.options import is_drive
from .._kinds.domain.impossible import AGENT, no_channel
from .._printing import label
from .check import some
from .unique import entries, word

BY_AGENT = ("agent", "cloud_init")
"""What is waited for by asking the agent."""

PACKAGE = "qemu-guest-agent"
NAMES = ("guest-agent", "qemu-ga")
"""What the text of a step is that installs the agent, by any name of it."""

WITHOUT = ("debian", "ubuntu")
"""Distributions whose images have no agent, as the option of an image."""


def waits(guest: Item) -> bool:
    """Whether a guest is waited for until its agent answers, and is made from nothing but its declaration."""
    asks = word(guest, "wait_for") in BY_AGENT and word(guest, "state") == "running"
    return asks and guest.get("clone_of") is None and guest.get("xml") is None


def without_channel(guest: Item) -> t.Iterator[Invalid]:
    """What the host refuses of a new guest without a channel for its agent.

    :param guest: its short forms written out
    """
    if waits(guest) and not any(is_of_agent(channel) for channel in entries(guest, "channels")):
        yield no_channel(word(guest, "wait_for"))


def is_of_agent(channel: Item) -> bool:
    """Whether a channel is that of the agent."""
    target = channel.get("target")
    return isinstance(target, dict) and word(target, "name") == AGENT


def without_agent(guests: t.Iterable[Item], images: t.Mapping[str, Item]) -> t.Iterator[str]:
    """A warning for the guests that are waited for by their agents, and whose cloud_init does not install one.

    :param guests: those of one host, their short forms written out
    :param images: the images that the host declares, by name
    """
    found: dict[str, list[str]] = {}
    for guest in guests:
        options = guest.get("cloud_init")
        if not waits(guest) or not isinstance(options, dict) or is_drive(options) or is_unknown(options):
            continue
        used = [images.get(word(disk, "image"), {}) for disk in entries(guest, "disks")[:1]]
        system = next((name for image in used for name in WITHOUT if image.get(name) is not None), None)
        if (options.get("packages") or system) and not mentions(options, NAMES):
            why = "a guest's list replaces that of its profile and of kvm_guest_defaults"
            why = why if options.get("packages") else f"the images of {str(system).capitalize()} have no agent"
            sentence = (
                f"wait_for: {word(guest, 'wait_for')} is asked of the agent in the guest, and cloud_init.packages does"
                f" not have {PACKAGE} ({why}): add it, unless the agent comes otherwise"
            )
            found.setdefault(sentence, []).append(label(word(guest, "name")))
    for sentence, names in found.items():
        yield f"{'guest' if len(names) == 1 else 'guests'} {some(names)}: {sentence}"


def is_unknown(options: Item) -> bool:
    """Whether options have data for cloud-init that is not looked into, such as a script."""
    return any(isinstance(options.get(name), str) for name in ("user_data", "vendor_data"))


def mentions(value: object, words: t.Sequence[str]) -> bool:
    """Whether a text in a value, however deep, has one of several words."""
    left, seen = [value], set[int]()
    while left:
        part = left.pop()
        if isinstance(part, str):
            if any(one in part for one in words):
                return True
        elif isinstance(part, (dict, list, tuple)) and id(part) not in seen:
            seen.add(id(part))  # By anchors of YAML, one list can stand there a billion times.
            left += part.values() if isinstance(part, dict) else part
    return False
