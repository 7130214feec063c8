# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for guests that run until they are of use: they have an address, their agent answers, and so on."""

from __future__ import annotations

import dataclasses
import time
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item
from ..._host import meter, waiting_caller
from ..._libvirt.connection import LibvirtError, Session, active, lacks
from ..._libvirt.objects import Connection, GuestAddress
from .agent_answers import AgentAnswers, Question
from .cloud_status import CloudStatus
from .guest_addresses import for_others
from .impossible import AGENT
from .old_leases import OldLeases
from .ssh_answers import SshServer

NONE_OLD = OldLeases()
"""Where no guest was made."""

POLL = 1.0
"""Seconds between two looks at a guest."""
FIRST_ANSWER = 30
"""Seconds that the agent of a guest has beyond its time until it is known whether it answers at all."""
NEARLY = 5
"""Seconds beyond a guest's time that no message counts, as the looks at all guests take some."""
PATIENCE = 300
"""Seconds that a guest has where it is not said."""

ENDS = {
    "address": "have an address",
    "agent": "have an agent that answers",
    "cloud_init": "have been set up by cloud-init",
    "ssh": "answer by SSH",
}
"""What messages say of guests that are of use, by what is waited for."""

LONGER = "look at its console, or give it longer with wait_timeout"


Addresses = list[GuestAddress]


@dataclasses.dataclass
class GuestLook:
    """What is seen of a guest.

    :ivar addresses: those that others can reach, from the first source that knows any
    :ivar agent: whether its agent is connected; None where it has no channel for one
    :ivar runs: whether it runs
    :ivar cloud: how far cloud-init is; None where nobody asked, or no agent can tell
    :ivar ssh: whether its SSH server has answered
    :ivar silent: whether its agent is connected, and does not answer
    :ivar unasked: whether its agent is connected, and had no turn to be asked yet
    :ivar question: what its agent is asked; None where it is not connected
    :ivar others: the addresses that count where the agent tells none
    """

    addresses: Addresses = dataclasses.field(default_factory=list)
    agent: bool | None = None
    runs: bool = True
    cloud: CloudStatus | None = None
    ssh: bool = False
    silent: bool = False
    unasked: bool = False
    question: Question | None = None
    others: Addresses = dataclasses.field(default_factory=list)

    def settled(self) -> GuestLook:
        """The same, with what its agent has answered by now."""
        question = self.question
        if question is None:
            return self
        addresses = self.addresses or [{**one, "source": "agent"} for one in question.addresses] or self.others
        silent, unasked = question.hangs, not question.begun
        return dataclasses.replace(self, addresses=addresses, cloud=question.cloud, silent=silent, unasked=unasked)

    @property
    def is_awaited(self) -> bool:
        """Whether its agent is being asked for the first time, so that nothing is known yet."""
        return self.question is not None and not self.question.heard

    def fulfils(self, what: str) -> bool:
        """Whether what is waited for is there."""
        if what == "cloud_init":
            return self.cloud is not None and self.cloud.done and self.cloud.problem is None
        return {"agent": bool(self.agent), "ssh": self.ssh}.get(what, bool(self.addresses))

    def lacks(self, what: str, seconds: float) -> str:
        """What is missing after so long a time, with what was seen."""
        answers = "its agent is connected and does not answer" if self.silent else "its agent answers"
        answers = "its agent was not asked yet, as those of others hang" if self.unasked else answers
        agent = {None: "it has no channel for an agent", False: "its agent is not connected", True: answers}
        if what == "agent" or (what == "cloud_init" and (self.silent or self.unasked or not self.agent)):
            return f"wait_for: after {seconds:g} s {agent[self.agent]}; {LONGER}"
        if what == "cloud_init":
            return f"wait_for: after {seconds:g} s cloud-init is not done; {LONGER}"
        if what == "ssh" and self.addresses:
            where = " or ".join(str(one["address"]) for one in self.addresses)
            return (
                f"wait_for: after {seconds:g} s no SSH server answers the host at {where}; {LONGER}. A host reaches its"
                " guests on MacVTap only by a shim"
            )
        return (
            f"wait_for: after {seconds:g} s it has no address: no lease, none by ARP, and {agent[self.agent]}; {LONGER}"
        )


def waited_for(wants: t.Iterable[Item], failed: t.Container[str]) -> list[Item]:
    """The guests to be waited for: those that are to run, and did not fail."""
    return [
        want
        for want in wants
        if want.get("wait_for") and want["state"] in ("running", "present") and want["name"] not in failed
    ]


def wait(
    session: Session, wants: t.Sequence[Item], old: OldLeases = NONE_OLD
) -> tuple[dict[str, Addresses], dict[str, str], list[str]]:
    """Wait for guests side by side. Returns their addresses, by name what is missing of which, and warnings.

    A guest that is left as it is, and does not run, is not waited for.

    :param old: leases that do not count for guests that were made in this run
    """
    found: dict[str, Addresses] = {}
    problems: dict[str, str] = {}
    warnings: list[str] = []
    start = time.monotonic()
    left = {str(want["name"]): want for want in wants}
    idle = {name for name, want in left.items() if want["state"] == "present"}
    servers = {name: SshServer() for name, want in left.items() if want["wait_for"] == "ssh"}
    agents = AgentAnswers(session.uri)
    while left:
        looks = looked_at(session, left, agents, old)
        for name, want in list(left.items()):
            seen = looks[name]
            if name in servers:
                seen.ssh = seen.runs and servers[name].answers([str(one["address"]) for one in seen.addresses])
            seconds = want.get("wait_timeout") or PATIENCE
            passed = time.monotonic() - start
            late = passed >= seconds + (FIRST_ANSWER if seen.is_awaited else 0)
            reason = problem(seen, want["wait_for"], seconds if passed < seconds + NEARLY else round(passed), late)
            if not seen.runs and name in idle:
                del left[name]
            elif seen.runs and seen.fulfils(want["wait_for"]):
                found[name] = seen.addresses
                warnings += [] if seen.cloud is None or not seen.cloud.warning else [f"{name}: {seen.cloud.warning}"]
                del left[name]
            elif reason is not None:
                problems[name] = reason
                del left[name]
            if seen.runs:
                idle.discard(name)
        if left:
            pause(left, len(found), problems, time.monotonic() - start)
    meter.over()
    agents.close()
    for server in servers.values():
        server.close()
    return found, problems, warnings


def looked_at(
    session: Session, left: t.Mapping[str, Item], agents: AgentAnswers, old: OldLeases
) -> dict[str, GuestLook]:
    """What is seen of guests in one round, by name. Their agents are asked beside it, all at the same time."""
    looks = {}
    for name, want in left.items():
        cloud = want["wait_for"] == "cloud_init"
        looks[name] = session.read(lambda connection: look(connection, name, cloud, agents, old))  # noqa: B023
    agents.settle()
    return {name: seen.settled() for name, seen in looks.items()}


def pause(left: t.Mapping[str, Item], ready: int, problems: t.Sized, seconds: float) -> None:
    """Say what is waited for, and wait for the next round.

    :param seconds: how long it has taken so far
    """
    most = max(want.get("wait_timeout") or PATIENCE for want in left.values())
    meter.waits(awaited(left, ready, problems), seconds, most)
    with waiting_caller.heeded():
        waiting_caller.heed()
    time.sleep(POLL)


def awaited(left: t.Mapping[str, Item], ready: int, problems: t.Sized) -> str:
    """What is waited for, in words.

    :param left: the guests that are still waited for, by name
    :param ready: how many are no longer, as they are of use
    :param problems: those that are no longer, as they will not be
    """
    asked = {str(want["wait_for"]) for want in left.values()}
    what = ENDS[asked.pop()] if len(asked) == 1 else "are ready"
    failed = f", {len(problems)} failed" if problems else ""
    names = meter.first_few(sorted(left))
    return f"{ready} of {ready + len(problems) + len(left)} guests {what}{failed}; waiting for {names}"


def problem(seen: GuestLook, what: str, seconds: float, late: bool) -> str | None:
    """Why a guest is not waited for any more; None where it is.

    :param late: whether its time is over
    """
    if not seen.runs:
        return "wait_for: it does not run any more; look at its console, and at its log on the host"
    if what in ("agent", "cloud_init") and seen.agent is None:
        return f"wait_for: it has no channel for an agent: declare channels with target {{type: virtio, name: {AGENT}}}"
    of_cloud_init = None if what != "cloud_init" or seen.cloud is None else seen.cloud.problem
    if of_cloud_init is not None:
        return f"wait_for: {of_cloud_init}"
    return seen.lacks(what, seconds) if late else None


def look(connection: Connection, name: str, cloud: bool, agents: AgentAnswers, old: OldLeases = NONE_OLD) -> GuestLook:
    """Look at a guest.

    :param cloud: whether cloud-init is asked about
    :param agents: asks the agents of guests
    :param old: leases that do not count
    """
    from .facts import addresses

    try:
        domain = connection.lookupByName(name)
        if not active(domain):
            return GuestLook(runs=False)
        root = ET.fromstring(domain.XMLDesc(0))
    except LibvirtError as error:
        if lacks(error, "VIR_ERR_NO_DOMAIN", "VIR_ERR_OPERATION_INVALID"):
            return GuestLook(runs=False)
        raise
    channel = next((node for node in root.iterfind("devices/channel/target") if node.get("name") == AGENT), None)
    agent = None if channel is None else channel.get("state") == "connected"
    macs = {str(node.get("address")).lower() for node in root.iterfind("devices/interface/mac")}

    def known(source: str) -> Addresses:
        counting: Addresses = [{**one, "source": source} for one in for_others(addresses(domain, source), macs)]
        return old.without(connection, name, root, counting)

    leases = known("lease")
    question = agents.ask(name, domain, cloud, macs) if agent and (cloud or not leases) else None
    others = [] if leases else known("arp")
    return GuestLook(leases if question else leases or others, agent, question=question, others=others)
