# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of module links: reach the host anew, and confirm only then.

A call that changes nothing is one execution of the module. A change is begun by the module, which
arms the host's way back; what follows here can only confirm it in time, or report how it ended.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST, URI
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import masked, readable, unforeseen
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._packed_modules import PackedAction
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._time_limit import limited

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase

    from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.probes import ProbeResult as Probe
    from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.transaction import Begun, Settled

MODULE = "virtfleet.kvm.links"
APPLIED = "applied"
"""Follows the id of a trial that the host has said is in force (transaction.settle)."""

PAUSE = 0.4
"""Seconds between two attempts to reach the host."""

PATIENCE = 20
"""Seconds for one attempt once the host has decided. ssh itself waits for ever in a key exchange."""

GRACE = 60
"""Seconds after the host's own deadline in which it is waited for, to learn how it ended."""

LOST = "had the host begun a change by then, it takes it back: nobody confirms it"
UNKNOWN = (
    "it is not known how the change ended: the host has not been reached again. Before the change it started its unit"
    " virtfleet-links.service, which takes back what is not confirmed. Look at its console:"
    " /run/virtfleet/links/last/outcome.json says how it ended"
)
ASKED = (
    "it is not known how the change ended: the host was asked to keep it, and has not said since whether it did."
    " Run this again: what is kept is unchanged then. On the host, /run/virtfleet/links/last/outcome.json tells"
)
UNDECIDED = (
    "it is not known how the change ended: the host has answered since, but its unit virtfleet-links.service had not"
    " decided by then. Run this again: what is not decided is taken back first. On the host, systemctl status"
    " virtfleet-links.service tells what the unit does"
)

BY_ITSELF = (
    "the connection is local, so the host has confirmed the change by itself, with what it reaches: nobody has reached"
    " the host from elsewhere since"
)
"""What to say of a change that was confirmed without a connection."""

BEFORE = "the host's network is as it was before the change"
CORRECT = {
    "gateway": "correct gateway in kvm_links (with addressing: dhcp, what the DHCP server gives), or the port or VLAN",
    "name server": "correct nameservers in kvm_links (with addressing: dhcp, what the DHCP server gives)",
}
"""What to correct in the declaration, by the beginning of the name of a probe that failed (_hostnet/probes.py)."""

MOVED: dict[str, tuple[set[str], str]] = {}
"""The hosts that this process has moved, each from where and to where: it has all items of a loop, no other task."""

OWN = "-o ControlMaster=no -o ControlPath=none"
"""For ssh: a connection of its own, not a channel in an old one."""

NEW_CONNECTION = f"{OWN} -o ServerAliveInterval=2 -o ServerAliveCountMax=3"
"""For ssh: a connection of its own that notices its own death."""

WATCHED = f"{OWN} -o ServerAliveInterval=5 -o ServerAliveCountMax=6"
"""For ssh: a connection that notices within half a minute that the host is gone; it would wait for ever otherwise."""


class ActionModule(PackedAction):
    """See the module's documentation."""

    _supports_check_mode = True
    _supports_async = False
    _supports_diff = True

    def run(self, tmp: object = None, task_vars: Variables | None = None) -> Result:
        """The module's result, once the host is as declared or as it was."""
        task_vars = task_vars or {}
        if self._task.async_val:
            raise AnsibleActionFail("links cannot run with async: the change is confirmed over a new connection")
        for name in ("settle", FORECAST):
            if name in self._task.args:
                raise AnsibleActionFail(f"{name} is the action plugin's own")
        super().run(tmp, task_vars)
        self.go_where_it_is(task_vars)
        try:
            with contextlib.nullcontext() if self._task.check_mode else watched(self._connection):
                args = {**self._task.args, **self.foreseen(task_vars)}
                result = self._execute_module(module_name=MODULE, module_args=args, task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            if self._task.check_mode:
                raise
            raise AnsibleConnectionFailure(f"{error}; {LOST}") from error
        except AnsibleError:
            raise
        except Exception as error:  # Nobody reads a traceback.
            problem = unforeseen(error)
            if not self._task.check_mode:
                problem = f"it is not known whether a change was begun: {problem}; {LOST}"
            return {"failed": True, "changed": not self._task.check_mode, "changes": [], "msg": f"links: {problem}"}
        trial = result.pop("trial", None)
        _forecast.note_links(self._task, task_vars, None if result.get("failed") else result.get("changes"))
        if trial is None or result.get("failed"):
            return _forecast.planned_only(result, self._task, task_vars)
        end = End("")
        try:
            return self.follow(end, result, trial, task_vars)
        except Exception as error:  # Nobody reads a traceback; what is known of the trial is told all the same.
            message = readable(masked(str(error))) if isinstance(error, AnsibleError) else unforeseen(error)
        return self.broken_off(result, end, message)

    def foreseen(self, task_vars: Variables) -> dict[str, object]:
        """In check mode, what earlier tasks would change of guests and networks: what they leave is free by then."""
        if not self._task.check_mode:
            return {}
        uri = str(self._task.args.get("uri", URI["uri"]["default"]))
        play = _forecast.planning(self._task, task_vars)
        known = _forecast.foreseen(_forecast.host_of(self._task, task_vars), uri, play)
        forecast = {kind: known[kind] for kind in ("domains", "networks") if known.get(kind)}
        return {FORECAST: forecast} if forecast else {}

    def broken_off(self, result: Result, end: End, problem: str) -> dict[str, object]:
        """The result of a trial that was begun, and after which something went wrong on the control node.

        :param problem: what went wrong
        """
        if end.outcome == "confirmed":
            failure = self.failure(result, end.probes, "confirmed", "", changed=True)
            return {**failure, "changes": result.get("changes", []), "msg": f"the change was kept, and then: {problem}"}
        if end.outcome:
            whole = end.answer.get("restored", True)
            return self.failure(
                result, end.probes, end.outcome, f"{end.outcome}, and then: {problem}", changed=not whole
            )
        known = ASKED if end.applied else end.open()
        return self.failure(result, end.probes, "unknown", f"{known}. What went wrong: {problem}", changed=True)

    def follow(self, end: End, result: Result, trial: Begun, task_vars: Variables) -> dict[str, object]:
        """Confirm a trial, and add to the result how it ended.

        :param end: gets what is known of the trial's end
        """
        connection = Renewed(self._connection)
        end.address = connection.host
        try:
            self.wait_for(end, connection, trial, task_vars)
        finally:
            connection.restore(end.address if end.outcome == "confirmed" else None)
        if end.outcome in ("", "unknown"):
            why = end.answer.get("reason", "") if end.outcome else end.open()
            return self.failure(result, end.probes, "unknown", why, changed=True)
        if end.outcome != "confirmed":
            reason = end.answer.get("reason", "")
            whole = end.answer.get("restored", True)
            if not whole:
                reason += f"; not all is as it was: {'; '.join(end.answer.get('log', []))}"
            return self.failure(result, end.probes, end.outcome, reason, changed=not whole)
        local = self._connection.transport == "local"
        reached = {"probe": "controller", "ok": True, "said": f"reached {end.address} over a new connection"}
        result.update(outcome="confirmed", probes=[*end.probes, *([] if local else [reached])], address=end.address)
        result["warnings"] = [
            *result.get("warnings", []),
            *([BY_ITSELF] if local else []),
            *(f"the host has lost what somebody had set by hand: {command}" for command in end.answer.get("lost", ())),
            *(f"the change was kept, and all the same {lack}" for lack in end.answer.get("missing", ())),
        ]
        if end.address != connection.host:
            self.tell_moved(result, connection.host, end.address, task_vars)
        return result

    def go_where_it_is(self, task_vars: Variables) -> None:
        """Reach a host that an earlier item of the same loop has moved: Ansible follows it once the loop is over."""
        old, new = MOVED.get(_forecast.host_of(self._task, task_vars), (set[str](), ""))
        with contextlib.suppress(KeyError, ValueError, AttributeError):  # Not a connection of that kind.
            if self._connection.get_option("host") in old:
                self._connection.set_option("host", new)

    def tell_moved(self, result: Result, old: str, new: str, task_vars: Variables) -> None:
        """Have later tasks of the play go where the host is now; the inventory file is the user's to change.

        The host is that which the task was for, not the one that delegates it.
        """
        name = _forecast.host_of(self._task, task_vars)
        MOVED[name] = ({*MOVED.get(name, (set[str](), ""))[0], old}, new)
        # One that no inventory has would become one of "all", whose plays it is not for.
        if name == task_vars["inventory_hostname"] or name in (task_vars.get("groups") or {}).get("all", ()):
            result["add_host"] = {"host_name": name, "host_vars": {"ansible_host": new}, "groups": []}
        warning = f"the host has moved from {old} to {new}: change its ansible_host in the inventory"
        result["warnings"] = [*result["warnings"], warning]

    def wait_for(self, end: End, connection: Renewed, trial: Begun, task_vars: Variables) -> None:
        """Ask the host, at each of its addresses in turn, until it says how the trial ended or has had its time."""
        # The host's own address may differ from the name it is known by: that one comes first.
        others = [other for other in trial["addresses"][1:] if other != connection.host]
        decided = time.monotonic() + trial["seconds"]
        while time.monotonic() < decided + GRACE:
            time.sleep(PAUSE)
            for address in [connection.host, *others]:
                # What is asked before the host's own deadline may last until then, but not longer.
                with (
                    contextlib.suppress(AnsibleConnectionFailure),
                    limited(max(decided - time.monotonic(), 0) + PATIENCE),
                ):
                    # A connection may be older than the trial. Only one that is opened once the host has said that
                    # the trial is in force shows that the host can be reached.
                    question = f"{trial['id']} {APPLIED}" if end.applied else trial["id"]
                    end.hear(self.ask(connection, address, question, task_vars), address)
                if end.outcome:
                    return

    def ask(self, connection: Renewed, address: str, trial: str, task_vars: Variables) -> Settled:
        """What the host says to a new connection. Raises AnsibleConnectionFailure where there is none."""
        connection.open(address)
        return self._execute_module(
            module_name=MODULE, module_args={"config": [], "settle": trial}, task_vars=task_vars
        )

    def failure(
        self, result: Result, probes: list[Probe], outcome: str, reason: str, changed: bool
    ) -> dict[str, object]:
        """The result of a change that did not stay, or of which that is not known.

        :param changed: whether the host may be otherwise than before
        """
        failed = [probe for probe in probes if not probe["ok"]]
        lines = [reason if outcome == "unknown" else f"the change was not kept: {reason or outcome}"]
        if outcome != "unknown" and not changed:
            lines.append(BEFORE)
        lines += [hint for probe, hint in CORRECT.items() if any(one["probe"].startswith(probe) for one in failed)]
        lines += [f"probe {probe['probe']} failed: {probe['said']}" for probe in failed if probe["said"] not in reason]
        return {
            "failed": True,
            "changed": changed,
            "msg": "\n".join(lines),
            "outcome": outcome,
            "probes": probes,
            "changes": [],
            "tried": result.get("changes", []),
            "forecast": result.get("forecast", []),
            "warnings": result.get("warnings", []),
        }


class End:
    """What is known of a trial's end.

    :ivar outcome: empty while it is open
    :ivar applied: whether the host has said that the trial is in force
    :ivar asked: whether the host was asked to keep it
    :ivar heard: whether the host has answered since the trial began
    :ivar address: where the host was reached last
    """

    def __init__(self, address: str) -> None:
        self.address, self.outcome = address, ""
        self.applied = self.asked = self.heard = False
        self.answer: Settled = {}
        self.probes: list[Probe] = []

    def hear(self, answer: Settled, address: str) -> None:
        """Take note of what the host says."""
        self.answer, self.address = answer, address
        self.heard = self.heard or "outcome" in answer
        self.probes = answer.get("probes") or self.probes
        self.applied = self.applied or bool(answer.get("applied"))
        self.asked = self.asked or bool(answer.get("asked"))
        self.outcome = answer.get("outcome") or ""

    def open(self) -> str:
        """What is known of a trial of which the host has not told the end."""
        return ASKED if self.asked else UNDECIDED if self.heard else UNKNOWN


@contextlib.contextmanager
def watched(connection: ConnectionBase) -> t.Iterator[None]:
    """Have ssh notice that the host is gone, such as by a power cut, while it makes the change ready."""
    try:
        old = connection.get_option("ssh_args")
    except (KeyError, ValueError, AttributeError):
        # Not a connection of that kind.
        yield
        return
    connection.set_option("ssh_args", f"{WATCHED} {old or ''}".strip())
    try:
        yield
    finally:
        connection.set_option("ssh_args", old)


class Renewed:
    """A connection plugin made to connect anew for each command, and put back afterwards."""

    OPTIONS = ("ssh_args", "timeout", "reconnection_retries", "host")

    def __init__(self, connection: ConnectionBase) -> None:
        self.connection = connection
        self.old: dict[str, object] = {}
        for name in self.OPTIONS:
            try:
                self.old[name] = connection.get_option(name)
            except (KeyError, ValueError, AttributeError):
                # Not a connection of that kind: it is only reset.
                continue
        self.host = str(self.old.get("host") or getattr(connection._play_context, "remote_addr", "") or "")
        self.reset()
        if "ssh_args" in self.old:
            connection.set_option("ssh_args", f"{NEW_CONNECTION} {self.old['ssh_args'] or ''}".strip())
            connection.set_option("timeout", 5)
            connection.set_option("reconnection_retries", 0)

    def reset(self) -> None:
        """Leave what is open behind."""
        try:
            self.connection.reset()
        except (AttributeError, NotImplementedError, AnsibleConnectionFailure):
            pass

    def open(self, address: str) -> None:
        """Have the next command go to an address, over a connection that is opened for it."""
        if "ssh_args" not in self.old:
            # Only ssh is told by its options to open one each time: others keep theirs.
            self.reset()
        if "host" in self.old:
            self.connection.set_option("host", address)

    def restore(self, address: str | None) -> None:
        """Put the plugin's options back; a host that has moved keeps its new address."""
        for name, value in self.old.items():
            self.connection.set_option(name, address if name == "host" and address else value)
