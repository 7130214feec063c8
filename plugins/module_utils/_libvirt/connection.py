# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one connection to libvirt, and what its errors mean to a user."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import time
import typing as t

from .._errors import Unreachable, VirtfleetError
from .._host import daemons
from .._own_secrets import hushed, secrets_in
from .._printing import masked, masked_uri, readable, shortened
from .._xml_outline import without_values
from . import interpreter
from .objects import Connection, Error, Resource

__all__ = [
    "TRIES",
    "ConnectionLost",
    "Session",
    "connect",
    "cut",
    "cut_off",
    "ended",
    "lacks",
    "libvirt",
    "libvirt_qemu",
    "message_of",
]

try:
    import libvirt
except ImportError:
    libvirt = None
try:
    import libvirt_qemu
except ImportError:
    libvirt_qemu = None

LibvirtError: type[Exception] = Unreachable if libvirt is None else libvirt.libvirtError

DAEMONS = ("/usr/sbin/libvirtd", "/usr/sbin/virtqemud")


PATIENCE = 30.0
"""Seconds that a libvirt daemon has to come back: its restart takes a few."""
TRIES = 3
"""How often one run is taken up again after the connection was lost."""

T = t.TypeVar("T")


@contextlib.contextmanager
def connect(uri: str) -> t.Iterator[Connection]:
    """A connection, closed at the end.

    Where another Python of the host has libvirt's binding, the module starts once more under that one, so a module
    connects before it changes anything. Raises Unreachable where nothing is installed, VirtfleetError where libvirt
    does not answer.
    """
    if libvirt is None:
        interpreter.respawn()
        raise interpreter.without_binding(uri)
    # Errors come as exceptions; without a handler libvirt prints each to standard error as well.
    libvirt.registerErrorHandler(lambda context, error: None, None)
    try:
        connection = libvirt.open(uri)
    except libvirt.libvirtError as error:
        if uri.startswith("qemu:///") and not any(map(os.path.exists, DAEMONS)):
            raise interpreter.missing_libvirt(
                uri, "libvirt is not installed on this host: the role virtfleet.kvm.host installs it"
            ) from None
        message = hushed(
            message_of(error).replace(uri, masked_uri(uri)) if "://" in uri else message_of(error), secrets_in([uri])
        )
        if uri.startswith("qemu:///") and os.geteuid() != 0 and DENIED.search(message):
            raise VirtfleetError(
                f"Ansible works on the host as {user()}, who may not manage libvirt. Log in as root"
                f" (ansible_user: root), or set ansible_become: true. libvirt said: {message}"
            ) from None
        closed = daemons.masked() if uri.startswith("qemu:///") else []
        hint = f". {closed[0]} is masked on this host: systemctl unmask --now {' '.join(closed)}" if closed else ""
        raise VirtfleetError(f"libvirt does not answer at {masked_uri(uri)}: {message}{hint}") from None
    try:
        yield connection
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            connection.close()


DENIED = re.compile(r"(?i)authentication (?:unavailable|failed|cancelled)|polkit|permission denied|access denied")
"""What libvirt says to a user who may not manage it (src/rpc and src/access of libvirt)."""


def user() -> str:
    """The name of the user that this runs as; the number where it has none."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


class ConnectionLost(VirtfleetError):
    """A step that failed because the connection broke; what it did is not known."""


CUT = re.compile(
    r"(?i)client socket is closed|end of file while (?:reading|writing) data|cannot (?:recv|write) data"
    r"|connection closed due to keepalive|failed to connect socket to '"
)
"""What libvirt says when a daemon has gone away (src/rpc of libvirt)."""


def cut(error: Error) -> bool:
    """Whether an error says that a daemon has gone away.

    Where each driver has a daemon of its own, the connection to the first one lives on when another one
    restarts, and ``isAlive`` notices nothing.
    """
    domain = error.get_error_domain() if hasattr(error, "get_error_domain") else None
    code = error.get_error_code() if hasattr(error, "get_error_code") else None
    remote = [getattr(libvirt, name, None) for name in ("VIR_FROM_RPC", "VIR_FROM_REMOTE")]
    codes = [getattr(libvirt, name, None) for name in ("VIR_ERR_RPC", "VIR_ERR_NO_CONNECT")]
    return (
        cut_off(str(error))
        or (domain is not None and domain in remote and code in codes)
        or (code is not None and code == codes[0])
    )


def cut_off(problem: str) -> bool:
    """Whether a problem is that a daemon has gone away, by its words."""
    return CUT.search(problem) is not None


def ended(connection: Connection) -> bool:
    """Whether a connection is gone, as it is after the daemon was killed."""
    try:
        return not connection.isAlive()
    except LibvirtError:
        return True


class Session:
    """A connection that survives a restart of the daemon. To be used as a context.

    ``connection`` is None on a host without libvirt; ``absent`` then says what is missing.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.connection: t.Any = None  # None without libvirt: see absent.
        self.absent: Unreachable | None = None
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Session:
        try:
            self.connection = self.stack.enter_context(connect(self.uri))
        except Unreachable as error:
            self.absent = error
        return self

    def __exit__(self, *problem: object) -> None:
        self.stack.close()

    def lost(self) -> bool:
        """Whether the connection has ended under us."""
        return self.connection is not None and ended(self.connection)

    def reopen(self) -> None:
        """Connect anew. Raises VirtfleetError where the daemon stays away."""
        self.stack.close()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.connection = self.stack.enter_context(connect(self.uri))
                return
            except VirtfleetError as error:
                if time.monotonic() >= deadline:
                    raise VirtfleetError(f"the connection was lost, and {error}") from None
                time.sleep(0.5)

    def read(self, call: t.Callable[[Connection], T]) -> T:
        """What a function of the connection returns that only reads; asked again after a loss.

        Raises VirtfleetError where libvirt refuses.
        """
        for attempt in range(TRIES):
            try:
                return call(self.connection)
            except LibvirtError as error:
                if not (self.lost() or cut(error)) or attempt + 1 == TRIES:
                    raise VirtfleetError(f"libvirt at {masked_uri(self.uri)}: {message_of(error)}") from None
                self.reopen()
            except VirtfleetError as error:
                if not cut_off(str(error)) or attempt + 1 == TRIES:
                    raise
                self.reopen()
        raise AssertionError("the last try returns or raises")


RANDOM = re.compile(r"(?<=/qmp-)\w{6}(?=/)")
"""What libvirt draws for the folder in which it asks QEMU what it can (qemuProcessQMPNew): another one each time."""


def message_of(error: Exception) -> str:
    """What libvirt says is wrong, on one line. It may quote a definition, of which no value is shown."""
    text = error.get_error_message() if hasattr(error, "get_error_message") else None
    message = RANDOM.sub("*", " ".join((text or str(error)).split()))
    return shortened(readable(masked(without_values(message))), 2000)


def lacks(error: Error, *codes: str) -> bool:
    """Whether an error is one of libvirt's ``VIR_ERR_...`` codes."""
    wanted = [getattr(libvirt, code, None) for code in codes]
    return hasattr(error, "get_error_code") and error.get_error_code() in wanted


def active(found: Resource) -> bool:
    """Whether a domain, network or pool runs. A transient one is gone altogether once it has stopped."""
    try:
        return bool(found.isActive())
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_DOMAIN", "VIR_ERR_NO_NETWORK", "VIR_ERR_NO_STORAGE_POOL"):
            raise
        return False


def stop(found: Resource, call: t.Callable[[], object]) -> None:
    """Stop a domain, network or pool. That it stopped by itself, or by somebody else, just then is what was asked for.

    :param call: the call of libvirt that stops it
    """
    try:
        call()
    except libvirt.libvirtError:
        if active(found):
            raise


def listed_names(call: t.Callable[[int], list[Resource]], flag: str) -> set[str]:
    """The names of what one bulk call with a filter returns."""
    return {found.name() for found in call(getattr(libvirt, flag))}
