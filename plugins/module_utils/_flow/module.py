# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible modules that this collection's modules are: what leaves them holds no secret."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._engine.report import Result
from .._host import pull_mode
from .._own_secrets import hushed, secrets_in
from .._printing import encodable, label, masked, masked_uri, readable, unforeseen
from .._role_words import for_role
from .._storage.forecast import Forecast
from .arguments import BROUGHT, FORECAST, HOST, LISTS, PLANS, PROGRESS, ROLE, Params, Spec, wrong_parameters
from .images_by_control import FromControl


class Module(AnsibleModule):
    """A module whose messages are masked, and whose parameters are told without what may be secret.

    Ansible writes the parameters of a module to the host's journal before the module's own code runs,
    quotes them where they are of the wrong type, and returns them as its invocation.

    :cvar LISTS: the parameters that are such lists
    :ivar declared: the lists whose items may hold secrets, by the parameter, as the user wrote them
    :ivar secrets: those of the parameters, looked for once: there may be thousands of guests, and of warnings
    :ivar is_whole: whether the parameters are all there
    """

    LISTS: t.ClassVar[tuple[str, ...]] = LISTS
    params: Params

    def __init__(self, argument_spec: Spec) -> None:
        self.declared: dict[str, object] = {}
        self.forecast = Forecast()
        self.brought = FromControl()
        self.is_foretelling = False
        self.is_planning = False
        self.host = ""
        self.progress: str | None = None
        self.is_of_role = False
        self.secrets: set[str] | None = None
        self.is_whole = False
        super().__init__(argument_spec=argument_spec, supports_check_mode=True)
        self.params.update(self.declared)
        self.is_whole = True
        problems = wrong_parameters(self.params)
        if problems:
            self.fail_json(msg="\n".join(["nothing was changed, the input is refused:", *problems]))

    def _load_params(self) -> None:
        """Keep the lists from Ansible, which would quote them; the tables say what is wrong with them."""
        super()._load_params()
        if isinstance(self.params, dict) and FORECAST in self.params:
            given = self.params.pop(FORECAST)
            self.forecast = Forecast.of(given)
            self.host = str(given.get(HOST) or "") if isinstance(given, dict) else ""
            self.is_foretelling = True
            self.is_planning = isinstance(given, dict) and bool(given.get(PLANS))
        if isinstance(self.params, dict) and PROGRESS in self.params:
            self.progress = str(self.params.pop(PROGRESS))
        if isinstance(self.params, dict) and BROUGHT in self.params:
            self.brought = FromControl.of(self.params.pop(BROUGHT))
        if isinstance(self.params, dict) and ROLE in self.params:
            self.is_of_role = bool(self.params.pop(ROLE))
        for name in self.LISTS if isinstance(self.params, dict) else ():
            if self.params.get(name) is not None:
                self.declared[name] = self.params[name]
                self.params[name] = []

    @property
    def shown_parameters(self) -> dict[str, object]:
        """The parameters as they may be told: of the list only the names of its items."""
        shown: dict[str, object] = {}
        for name, value in self.params.items():
            if name in self.LISTS:
                shown[name] = names(self.declared.get(name))
            elif name in ("declared_uses", "images_lock") and isinstance(value, dict):
                shown[name] = sorted(label(who) for who in value)
            elif name not in self.argument_spec:
                shown[label(name)] = "(not a parameter)"
            else:
                mask = masked_uri if name == "uri" else masked
                shown[name] = encodable(mask(value)) if isinstance(value, str) else value
        return shown

    def _log_invocation(self) -> None:
        whole = self.params
        self.params = self.shown_parameters
        try:
            super()._log_invocation()
        finally:
            self.params = whole

    def hushed(self, text: object) -> str:
        """A message, readable and without the secrets of the parameters; in the words of the role, if one called."""
        with contextlib.suppress(Exception):  # It is a second net; what is told is made without secrets.
            secrets = self.secrets
            if secrets is None:
                secrets = secrets_in([self.declared, self.params]).difference(*self.names())
                self.secrets = secrets if self.is_whole else None
            text = hushed(str(text), secrets)
        return readable(for_role(str(text)) if self.is_of_role else str(text))

    def names(self) -> list[list[str]]:
        """The names of the items of each list."""
        return [names(items) for items in self.declared.values()]

    def warn(self, warning: str, **how: object) -> None:
        super().warn(self.hushed(warning), **how)

    def warn_of_pull(self, result: Result, failed: bool) -> None:
        """Warn on a host that also pulls its declaration, where that may undo or disturb this run."""
        warning = pull_mode.warning(bool(result.get("changed")), failed)
        if warning is not None:
            self.warn(warning)

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        for failure in result.get("failures") or ():
            failure.update({name: self.hushed(text) for name, text in failure.items()})
        self.warn_of_pull(result, failed=True)
        result.setdefault("invocation", {"module_args": self.shown_parameters})
        super().fail_json(msg=self.hushed(msg), **jsonable(result))
        raise SystemExit(1)

    def exit_json(self, **result: object) -> t.NoReturn:
        self.warn_of_pull(result, failed=False)
        result.setdefault("invocation", {"module_args": self.shown_parameters})
        super().exit_json(**jsonable(result))
        raise SystemExit(0)


class DeclaringModule(Module):
    """A module with a ``config``, which may hold secrets."""


def names(config: object) -> list[str]:
    """The names of the declared items."""
    items = config if isinstance(config, (list, tuple)) else ()
    return [label(item["name"]) for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)]


def jsonable(result: Result) -> Result:
    """A result that can be written as JSON: as it is where it can, else with what is odd spelled out."""
    try:
        json.dumps(result)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return t.cast("Result", spelled(result, 0))
    return result


def spelled(value: object, depth: int) -> object:
    """A value of JSON's own types."""
    if depth > 50:
        return "(nested deeper)"
    if isinstance(value, dict):
        return {encodable(str(name)): spelled(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [spelled(inner, depth + 1) for inner in value]
    if isinstance(value, str):
        return encodable(value)
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and value.bit_length() < 1000):
        return value
    return label(value)


@contextlib.contextmanager
def no_traceback(module: AnsibleModule, about: str) -> t.Iterator[None]:
    """End the module with a message, whatever is raised within. Nothing must have been changed by then.

    :param about: what the module was doing, such as ``reading the host's guests``
    """
    problem = None
    try:
        yield
    except Exception as error:
        problem = f"{about}: {unforeseen(error)}"
    if problem is not None:
        module.fail_json(msg=problem)
