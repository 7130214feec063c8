# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the random test of links draws: changes that a user can declare, of every kind, and the same ones again."""

from __future__ import annotations

import collections
import random

from disturbances import ALL
from links_changes import STEPS, WEIGHTS, Case, State, case

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

ADDRESS = "198.18.0.124/24"
ROUNDS = 2000


def chain(seed: int, length: int) -> list[Case]:
    """Cases, each from where the one before has led to."""
    found, state = [], State()
    for number in range(length):
        found.append(case(random.Random(f"{seed} {number}"), state))
        state = found[-1].after
    return found


def test_every_change_can_be_declared_and_changes_something() -> None:
    for each in chain(1, ROUNDS):
        LINK.parse(each.config(ADDRESS))
        LINK.parse(each.after.config(ADDRESS))
        assert each.before != each.after
        # The collection refuses these, with nothing changed: nothing would be disturbed.
        assert not (each.before.beside != each.after.beside and each.before.shim != each.after.shim)
        assert not (each.before.beside != each.after.beside and each.before.shim)


def test_everything_that_can_go_wrong_goes_wrong_everywhere() -> None:
    struck = collections.Counter((strike.what, strike.at) for each in chain(2, ROUNDS) for strike in each.strikes)
    assert {what for what, _at in struck} == set(ALL)
    assert {at for _what, at in struck} == set(STEPS) == {*WEIGHTS, "boot"}
    for each in chain(3, ROUNDS):
        for strike in each.strikes:
            assert 1 <= strike.steps[0] <= STEPS[strike.at]


def test_a_change_that_cannot_work_is_one_of_the_address_that_the_host_is_reached_by() -> None:
    wrong = [each for each in chain(4, ROUNDS) if each.wrong]
    assert len(wrong) > ROUNDS / 50
    for each in wrong:
        (bridge,) = [link for link in each.config(ADDRESS) if link["name"] == "br0"]
        assert bridge["addressing"] == "static"
        assert bridge != each.after.config(ADDRESS)[0]


def test_the_same_seed_draws_the_same_changes() -> None:
    assert chain(5, 50) == chain(5, 50)
    assert chain(5, 50) != chain(6, 50)
