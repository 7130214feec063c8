# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at all that the site declares for a host: whether any of its parts has something to do.

Each part is planned by the code that its own module plans by. The parts share the process and the connection. The look
ends with the first part that has something to do, or of which that is not sure: the roles then do all of it, and say
what there is to say.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._engine.report import Result
from .._errors import Refused, VirtfleetError
from .._flow.arguments import LISTS, Params, Spec
from .._flow.look import Part, Seen, Undecided, look
from .._host import daemons, setup
from .._libvirt import host
from .._libvirt.connection import Session
from .._libvirt.in_time import in_time
from .._libvirt.process import uncollected
from .._printing import label, unforeseen
from .declaring import parameters_of

HOST: dict[str, dict[str, object]] = {
    "packages": {"type": "dict", "required": True},
    "require_hardware": {"type": "bool", "default": False},
}
"""What the role host has to tell: the packages that it would ask for, by the stack that the host has."""

LATER = "not looked at, for the host gets all of its tasks anyway"
"""What is said of the parts after the first that has something to do."""


class PartResult(t.TypedDict, total=False):
    """The result of a part: its name and its module, whether it has nothing to do, and what the module would return.

    :ivar nothing_to_do: None where it was not looked at, or that cannot be told
    :ivar why: why it has something to do, or why that is not known
    """

    name: str
    module: str
    nothing_to_do: bool | None
    why: str | None
    result: Result
    warnings: list[str]


@dataclasses.dataclass
class Look:
    """A look at a host.

    :param uri: the libvirt that all parts ask
    :param check: whether the tasks would run in check mode
    """

    uri: str
    check: bool
    session: Session | None = None

    @uncollected()
    def at(self, parts: t.Sequence[t.Mapping[str, object]]) -> tuple[bool, list[PartResult]]:
        """Whether nothing is to be done in any part, and the result of each, as the module documents it.

        :param parts: the ``name``, ``module`` and ``options`` of each
        """
        found: list[PartResult] = []
        unchanged = True
        with contextlib.ExitStack() as stack:
            for part in parts:
                entry: PartResult = {"name": label(part.get("name")), "module": label(part.get("module"))}
                entry.update({"nothing_to_do": None, "why": LATER})
                if unchanged:
                    unchanged, result = self.result_of(part, stack)
                    entry.update(result)
                found.append(entry)
        return unchanged, found

    def result_of(self, part: t.Mapping[str, object], stack: contextlib.ExitStack) -> tuple[bool, PartResult]:
        """Whether a part has nothing to do, and its result."""
        try:
            seen = self.seen(str(part.get("module")), part.get("options"), stack)
        except Undecided as error:
            return False, {"nothing_to_do": False, "why": str(error)}
        except Refused as error:
            return False, {"nothing_to_do": False, "why": "\n".join(error.lines)}
        except VirtfleetError as error:
            return False, {"why": str(error)}
        except Exception as error:  # Nobody reads a traceback; the module of the part tells of it.
            return False, {"why": unforeseen(error)}
        return True, {"nothing_to_do": True, "why": None, "result": seen.result, "warnings": seen.warnings}

    def seen(self, name: str, options: object, stack: contextlib.ExitStack) -> Seen:
        """What the module of a part would return that has nothing to do. Raises VirtfleetError in any doubt."""
        if name == "host":
            return host_seen(self.uri, checked(HOST, options))
        if name == "links":
            return links_seen({**checked(links_spec(), options), "uri": self.uri})
        parameters = parameters_of(name)
        if parameters is None:
            raise Undecided(f"{label(name)}: no module that declares for a host has this name")
        given = {**checked(parameters.spec, options), "uri": self.uri}
        if self.session is None:
            self.session = in_time(Session(self.uri).__enter__)
            stack.push(self.session)
        return look(parameters, Part(given, self.check), self.session)


def links_spec() -> dict[str, dict[str, object]]:
    """The parameters of the module links."""
    from .._hostnet.parameters import SPEC

    return SPEC


def checked(spec: Spec, options: object) -> Params:
    """Options as Ansible checks those of a module. Raises Undecided where something is wrong with them."""
    if not isinstance(options, dict):
        raise Undecided("options: is not a dictionary")
    # The table checks the items, as in the modules: Ansible would quote what is wrong.
    lists = {name: options.get(name, rules.get("default")) for name, rules in spec.items() if name in LISTS}
    for name, items in lists.items():
        if not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
            raise Undecided(f"{name}: is not a list of dictionaries")
    rest = {name: value for name, value in options.items() if name not in lists}
    known = {name: rules for name, rules in spec.items() if name not in lists}
    done = ArgumentSpecValidator(known).validate(rest)
    if done.error_messages:
        wrong = sorted(set(rest) - set(known)) or sorted(known)
        raise Undecided(f"wrong parameters: one of {', '.join(map(label, wrong))}")
    return {**done.validated_parameters, **lists}


def host_seen(uri: str, given: Params) -> Seen:
    """What host_info returns of a host of which the role host would change and refuse nothing."""
    found = in_time(lambda: host.facts(uri))
    if not found["user"]["root"]:
        raise Undecided("Ansible does not work on the host as root")
    if found["problem"] is not None:
        raise Undecided(str(found["problem"]))
    wanted = given["packages"].get(found["stack"])
    if not isinstance(wanted, list):
        raise Undecided("it is not known which packages fit the host")
    packages = setup.doubtful_packages(map(str, wanted))
    if packages:
        raise Undecided(f"packages to be installed, or for apt to look at: {', '.join(map(label, packages))}")
    doubt = setup.apt_doubt()
    if doubt is not None:
        raise Undecided(f"apt may have something to say: {doubt}")
    services = daemons.of_this_host()
    units = setup.doubtful_units(services)
    if units or services.model is None:
        raise Undecided(f"services to be enabled or started, or for systemd to look at: {', '.join(units) or 'all'}")
    if given["require_hardware"] and found["virtualization"]["kind"] == "emulation":
        raise Undecided("the host has no hardware virtualization")
    return Seen({"changed": False, **found}, [])


def links_seen(given: Params) -> Seen:
    """What the plan of the links returns where nothing of them is to be changed or removed."""
    from .._hostnet.converge import converge

    try:
        result = converge(Part(given, check_mode=True))
    except OSError as error:
        raise VirtfleetError(f"the host's links: {error.strerror}") from None
    if result["changed"] or result["diff"] or result["postponed"]:
        raise Undecided("the links are not as declared")
    return Seen(result, result.pop("warnings"))
