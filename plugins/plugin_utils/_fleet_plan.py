# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of all hosts, which the site makes before it touches any, means for the run."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import UNFINISHED
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost, Variables

from . import _fleet_changes
from ._fleet_changes import LOOK, RESULTS, FleetResults, HostResults, counted, is_lost, of_hosts, ran
from ._forecast import WOULD_CHANGE

HOW_TO_GO_ON = (
    "Correct what is declared, or these hosts, and run the site again. To go on without them: --limit '{limit}' leaves"
    " them out of this run, and site_refuse: host has each host refuse for itself alone"
)
"""What is said below the refusals."""

STILL_TO_DO = ("changed", WOULD_CHANGE, "failed", "postponed", UNFINISHED)
"""What a result has of a plan after which a run has something to do."""

STOPPED = "the plan stopped here; the errors above say why"
"""What is said of a host of which no result says why it failed."""

FEW = 5
"""How many hosts are named in the hint at ``--limit``."""


def of_fleet(
    hosts: t.Iterable[str],
    variables: ByHost,
    going_on: t.Container[str] | None = None,
    planned: t.Container[str] | None = None,
) -> dict[str, object]:
    """What the results of a plan say of all hosts.

    :param hosts: the names of the hosts
    :param variables: ``hostvars``, or plain dictionaries by host
    :param going_on: the hosts that Ansible still runs tasks on; None where that is not known
    :param planned: the hosts that Ansible still ran tasks on as the plan began; None where that is not known
    :returns: ``refusing``, the hosts that refuse or failed; ``idle``, those on which a run has nothing at all to do;
        and ``told``, lines for people: the plan in short, or why the run ends. No lines where no host was planned.
    """
    hosts = list(hosts)
    found = of_hosts(hosts, variables, going_on)
    outcomes = {host: each["outcome"] for host, each in found["hosts"].items()}
    read = getattr(variables, "raw_get", None) or variables.__getitem__
    refusing = [
        host
        for host, each in found["hosts"].items()
        if (planned is None or host in planned or look_failed(read(host)))
        and has_failed(host, each, read(host), going_on)
    ]
    parts = {host: parts_of(read(host)) for host in refusing}
    asked = any(outcome != "not asked" for outcome in outcomes.values())
    lines = refusal(found, parts) if refusing else ["the run does this:", *_fleet_changes.lines(found)]
    return {
        "refusing": refusing,
        "idle": [host for host, outcome in outcomes.items() if outcome == "unchanged" and is_idle(read(host))],
        "told": lines if asked else [],
    }


def has_failed(host: str, found: HostResults, values: Variables, going_on: t.Container[str] | None) -> bool:
    """Whether a host refuses the plan, or the plan failed there. One that does not answer cannot refuse.

    :param found: what ``of_hosts`` returned of it
    :param values: the host's variables
    :param going_on: the hosts that Ansible still runs tasks on; None where that is not known
    """
    if any(is_lost(values[name]) for name in RESULTS if ran(values.get(name))):
        return False
    # The problem of a host that goes on is one that the run may not have (links_keep_going).
    return bool(found["problems"]) if going_on is None else host not in going_on


def look_failed(values: Variables) -> bool:
    """Whether not even the look at a host could begin, though it may answer: its settings are wrong.

    :param values: the host's variables
    """
    result = values.get(LOOK)
    return isinstance(result, dict) and bool(result.get("failed")) and not is_lost(result)


def is_idle(values: Variables) -> bool:
    """Whether a run has nothing to do on a host that is planned without a change.

    :param values: the host's variables
    """
    results = [values[name] for name in RESULTS if ran(values.get(name))]
    return not any(result.get(name) for result in results for name in STILL_TO_DO)


def refusal(found: FleetResults, parts: t.Mapping[str, list[str]]) -> list[str]:
    """Why the run ends, and how to go on.

    :param found: what ``of_hosts`` returned
    :param parts: the hosts that refuse, each with the parts that it refuses
    """
    verb = "refuses" if len(parts) == 1 else "refuse"
    lines = [f"no host was touched: {len(parts)} of {counted(len(found['hosts']), 'host')} {verb} the plan:"]
    for host, refused in parts.items():
        problems = found["hosts"][host]["problems"] or [STOPPED]
        lines += [f"{host}: {''.join(f'{part}: ' for part in refused)}{problem}" for problem in problems]
    for host, each in found["hosts"].items():
        if each["outcome"] == "unreachable" and host not in parts:
            lines += [f"{host}: {problem}" for problem in each["problems"] or ["unreachable"]]
    limit = f"all:!{':!'.join(parts)}" if len(parts) <= FEW else "all:!HOST:!HOST"
    return [readable(line) for line in (*lines, HOW_TO_GO_ON.format(limit=limit))]


def parts_of(values: Variables) -> list[str]:
    """The parts of the site that a host refuses: the tags.

    :param values: the host's variables
    """
    failed = [name for name in RESULTS if ran(values.get(name)) and values[name].get("failed")]
    return list(dict.fromkeys(name.partition("_")[0] for name in failed))
