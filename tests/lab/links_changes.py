# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes of a host's links, and what disturbs them: drawn from a generator, so that they can be drawn again."""

from __future__ import annotations

import random
import typing as t

from disturbances import BY_SIGNAL, FROM_OUTSIDE, SCRIPTS, Strike

Config = list[dict[str, t.Any]]

ROUTER = "198.18.0.1"
NOBODY = "198.18.0.77"
"""An address that no machine of the lab has."""
STEPS = {
    "begin": 40,
    "preparing": 40,
    "armed": 1,
    "applying": 20,
    "applied": 2,
    "confirming": 30,
    "rolling-back": 30,
    "ending": 8,
    "settle": 3,
    "boot": 20,
}
"""How many steps there are of each kind in a larger change: disturbances come at one of them. See step_hook.py."""
WEIGHTS = {
    "begin": 2,
    "preparing": 3,
    "armed": 1,
    "applying": 6,
    "applied": 1,
    "confirming": 5,
    "rolling-back": 7,
    "ending": 1,
    "settle": 1,
}
"""How often the disturbances come where; at the boot only after a power cut."""


class State(t.NamedTuple):
    """What is declared of a host's links.

    :param over: options of br0 over eno1, the card by which Ansible comes; None for no bridge
    :param beside: options of br1 over eno2; None for no bridge
    :param shim: the mode of the MacVLAN link shim0, over br1 or else eno2; empty for none
    """

    over: tuple[tuple[str, t.Any], ...] | None = None
    beside: tuple[tuple[str, t.Any], ...] | None = None
    shim: str = ""

    @property
    def addressing(self) -> str:
        """Where br0 has its address from."""
        return str(dict(self.over or ()).get("addressing", "dhcp"))

    def config(self, address: str) -> Config:
        """What a user declares, all of it: also that a link is not there.

        :param address: the host's own address, with the length of its prefix
        """
        found: Config = []
        if self.over is None:
            found.append({"name": "br0", "state": "absent"})
        else:
            options = dict(self.over)
            if self.addressing == "static":
                options = {"addresses": [address], "gateway": ROUTER, "nameservers": [ROUTER], **options}
            found.append({"name": "br0", "type": "bridge", "ports": ["eno1"], **options})
        if self.beside is None:
            found.append({"name": "br1", "state": "absent"})
        else:
            found.append({"name": "br1", "type": "bridge", "ports": ["eno2"], **dict(self.beside)})
        if self.shim:
            parent = "eno2" if self.beside is None else "br1"
            found.append(
                {"name": "shim0", "type": "macvlan", "parent": parent, "mode": self.shim, "addressing": "none"}
            )
        else:
            found.append({"name": "shim0", "state": "absent"})
        return found

    def __str__(self) -> str:
        words = []
        for name, options in (("br0", self.over), ("br1", self.beside)):
            if options is not None:
                words.append(f"{name}({', '.join(f'{key} {value}' for key, value in options)})")
        if self.shim:
            words.append(f"shim0({self.shim})")
        return " ".join(words) or "no links"


class Case(t.NamedTuple):
    """A change, and what disturbs it.

    :param before: what is declared, and in force
    :param after: what is declared then
    :param wrong: options of br0 that cannot work; empty for a change that can
    :param strikes: what goes wrong, and when
    :param cut: whether the host loses its power once all is over
    """

    before: State
    after: State
    wrong: tuple[tuple[str, t.Any], ...]
    strikes: tuple[Strike, ...]
    cut: bool

    def config(self, address: str) -> Config:
        """What the disturbed run declares."""
        found = self.after.config(address)
        found[0].update(self.wrong)
        return found

    def __str__(self) -> str:
        wrong = f" with wrong {', '.join(key for key, _value in self.wrong)}" if self.wrong else ""
        return f"{self.before} -> {self.after}{wrong}; {'; '.join(map(str, self.strikes))}" + "; cut" * self.cut


def bridge(draw: random.Random) -> tuple[tuple[str, t.Any], ...]:
    """Options of br0. All of them are always given: what is left out stays as it was before."""
    # A bridge that inherits its port's address would depend on more than what is declared.
    addressing = draw.choice(["dhcp", "static"])
    # A spanning tree has a delay of two seconds at least (BR_MIN_FORWARD_DELAY, Linux).
    stp, delay = draw.choice([(False, 0), (False, 0), (False, 4), (True, 2)])
    return (
        ("addressing", addressing),
        ("stp", stp),
        ("forward_delay", delay),
        ("mtu", draw.choice([1500, 1500, 1400])),
    )


def changed(draw: random.Random, before: State) -> State:
    """A state other than the one before; often several links differ."""
    while True:
        over, beside, shim = before
        if draw.random() < 0.7:
            over = None if over is not None and draw.random() < 0.45 else bridge(draw)
        # A card carries either a bridge or MacVLAN links: one goes before the other comes, in a run of its own.
        if draw.random() < 0.4 and not shim:
            beside = None if beside is not None else (("addressing", "none"), ("stp", draw.choice([True, False])))
        elif draw.random() < 0.4:
            shim = "" if shim else draw.choice(["bridge", "private", "vepa"])
        if over is None and before.addressing == "static":
            # Its port would keep the static address, which no declaration takes away again.
            continue
        after = State(over, beside, shim)
        if after != before:
            return after


def strike(draw: random.Random, at: str) -> Strike:
    """One disturbance."""
    group = draw.random()
    what = draw.choice(BY_SIGNAL if group < 0.4 else FROM_OUTSIDE if group < 0.6 else tuple(SCRIPTS))
    # A small change has fewer steps than a large one: the first half comes more often.
    first = draw.randint(1, STEPS[at] if draw.random() < 0.5 else (STEPS[at] + 1) // 2)
    steps = [first]
    if what == "agent killed" and draw.random() < 0.4:
        # Counting goes on: it is killed again after so many steps of its next lives.
        steps += [first + draw.randint(1, 6), first + draw.randint(7, 14)]
    lasts = None if draw.random() < 0.35 else float(draw.choice([2, 5, 9, 15]))
    if what == "power cut":
        lasts = 1.0
    if lasts is None and (what == "unplugged" or (what == "agent stopped" and at in ("begin", "settle"))):
        # Nobody starts the module again: its run waits for it.
        lasts = 20.0
    return Strike(what, at, tuple(steps), lasts)


def strikes(draw: random.Random) -> list[Strike]:
    """What disturbs one change: one thing, at times two."""
    places = draw.choices(list(WEIGHTS), list(WEIGHTS.values()), k=2)
    found = [strike(draw, places[0])]
    if found[0].what == "power cut":
        if draw.random() < 0.5:
            found.append(Strike("agent killed", "boot", (draw.randint(1, STEPS["boot"]),), None))
    elif draw.random() < 0.25:
        other = strike(draw, places[1])
        # Not two that are about the same thing.
        if other.what != "power cut" and other.what.split()[0] != found[0].what.split()[0]:
            found.append(other)
    return found


def case(draw: random.Random, before: State) -> Case:
    """A change from a state, and what disturbs it."""
    after = changed(draw, before)
    found = strikes(draw)
    wrong: tuple[tuple[str, t.Any], ...] = ()
    back = any(each.at == "rolling-back" for each in found)
    if after.addressing == "static" and draw.random() < (0.6 if back else 0.1):
        wrong = draw.choice(
            [
                (("gateway", NOBODY),),
                (("nameservers", [NOBODY]),),
                (("addresses", ["198.18.77.7/24"]), ("gateway", "198.18.77.1")),
            ]
        )
    elif back:
        # A change that works is taken back where nobody confirms it.
        found.insert(0, Strike("controller killed", "applying", (1,), None))
    return Case(before, after, wrong, tuple(found), cut=draw.random() < 0.15)
