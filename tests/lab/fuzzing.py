# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds and the seeds of random tests, which are marked ``fuzz``; ``./runtests fuzz`` asks for many rounds.

================================  =======================================================
VIRTFLEET_FUZZ_LINKS, _STORAGE    how many rounds of each random test are run
VIRTFLEET_FUZZ_KILLS, _INPUTS
VIRTFLEET_FUZZ_SEED               a seed that was printed, to run the same rounds again
VIRTFLEET_FUZZ_ONLY               the number of one round: of the rounds of a seed, only this
VIRTFLEET_FUZZ_ALL                when set, all cases of a test that tries each case of a model, not a share of them
================================  =======================================================

A round draws from a generator of its own, seeded with the seed and the round's number. So one round
can be repeated without those before it.
"""

from __future__ import annotations

import functools
import os
import random
import typing as t

PREFIX = "VIRTFLEET_FUZZ_"


class Round(t.NamedTuple):
    """One round of a random test.

    :param name: what to print with a failure; it says how to repeat the round
    :param number: counts from 0
    :param random: the generator that the round draws from, and nothing else
    """

    name: str
    number: int
    random: random.Random


@functools.cache
def seed() -> int:
    """The seed of this process: the one asked for, or a new one. It is printed when first asked for."""
    given = os.environ.get(PREFIX + "SEED")
    chosen = int(given) if given else random.SystemRandom().randrange(2**32)
    print(f"{PREFIX}SEED={chosen}", flush=True)
    return chosen


def rounds(kind: str, default: int) -> list[Round]:
    """The rounds to run of one kind of random test.

    :param kind: ``LINKS``, ``STORAGE``, ``KILLS`` or ``INPUTS``
    :param default: how many, where the environment does not say
    """
    only = os.environ.get(PREFIX + "ONLY")
    count = int(os.environ.get(PREFIX + kind) or default)
    numbers = range(count) if only is None else [int(only)]
    return [one(kind, number) for number in numbers]


def one(kind: str, number: int) -> Round:
    """The round of a number."""
    name = f"{PREFIX}SEED={seed()} {PREFIX}ONLY={number} ({kind.lower()})"
    return Round(name, number, random.Random(f"{seed()} {kind} {number}"))


def is_thorough() -> bool:
    """Whether all cases of a model are asked for, as ``./runtests fuzz`` does."""
    return bool(os.environ.get(PREFIX + "ALL"))


Case = t.TypeVar("Case")


def share(cases: t.Sequence[Case], of: int) -> t.Sequence[Case]:
    """One of so many cases, evenly over all of them, beginning where the seed says; all of them where asked for.

    :param cases: in an order in which neighbours are alike
    :param of: 8 for every eighth case
    """
    return cases if is_thorough() else cases[seed() % of :: of]
