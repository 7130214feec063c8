# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and files in a guest, made of orders to its agent (qemu-ga-ref(7))."""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import json
import secrets
import time
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import ReadOnlyItem

from ...module_utils._printing import printable, shortened
from . import words
from .pipe import Ended, Pipe
from .way import AgentWay

PIECE = 48 * 1024
"""How many bytes of a file go first in one order. More follow if that is quick, fewer if it is slow."""
SMALLEST, LARGEST_WRITTEN, LARGEST_READ = 4 * 1024, 96 * 1024, 1024 * 1024
"""Bounds for it. What is read is bound by libvirt's texts of 4 MiB (REMOTE_STRING_MAX), and three bytes take four."""
QUICK, SLOW = 0.3, 1.5
"""Seconds that an order with a piece of a file may take until the next piece is larger, or smaller."""
ORDER = 160 * 1024
"""How many bytes an order may have. Libvirt has to write it at once: what does not fit into the buffer of the socket to
QEMU (net.core.wmem_default, 212992) is sent in a mess, and the agent never answers."""
INPUT = 2 * 1024
"""How many bytes of a command's input go with its order. The agent is slow with that, and quicker with a file."""
INLINE = 64 * 1024
"""How many bytes of output come with the status of a command; more are read from files, which is quicker. And libvirt
gives an agent up for good that says more than 10 MiB at once (QEMU_AGENT_MAX_RESPONSE)."""

FOLDERS = "/dev/shm /run /tmp /var/tmp"
"""Where a folder for the input and output of a command may be, the best first."""

FOLDER = f"""
for d in {FOLDERS}; do
    mkdir -m 700 "$d/$1" 2>/dev/null || continue
    {{ echo >"$d/$1/in"; }} 2>/dev/null && echo "$d/$1" && exit
    rm -rf "$d/$1"
done
echo "no folder with room can be made in {FOLDERS}" >&2
exit 1
"""
"""Makes a folder of the name $1 where there is room, and writes where it is."""

RUN = f"""
if [ -z "$HOME" ] && [ -w /root ]; then
    export HOME=/root USER=root LOGNAME=root
elif [ -z "$HOME" ]; then
    USER=$(id -un) && eval "HOME=~$USER" && LOGNAME=$USER && export HOME USER LOGNAME
fi
name=$2 most=$3
if [ -n "$4" ]; then
    exec <"$4" && rm -f "$4"
    o=${{4%/*}}
else
    for d in {FOLDERS}; do
        o=$d/$2
        mkdir -m 700 "$o" 2>/dev/null && {{ echo >"$o/out"; }} 2>/dev/null && break
        rm -rf "$o"
        o=
    done
fi
[ -n "$o" ] || exec /bin/sh -c "$1"
/bin/sh -c "$1" >"$o/out" 2>"$o/err"
r=$?
set -- 0 . 0
[ -s "$o/out" ] || [ -s "$o/err" ] && set -- $(wc -c "$o/out" "$o/err")
if [ $(($1 + $3)) -le "$most" ]; then
    [ ! -s "$o/out" ] || cat "$o/out"
    [ ! -s "$o/err" ] || cat "$o/err" >&2
    rm -rf "$o"
else
    echo "$name $o"
fi
exit $r
"""
"""Runs the command $1 with its output in files, which only its user can read. What is long stays there, and their
folder is written instead.

:2: a name for the folder that nobody can guess
:3: how many bytes are not long
:4: a file with the input, in such a folder; empty where there is none
"""


SHOWN = 100
"""How many characters of a command or path are shown."""


AgentAnswer = t.Any
"""What a command of the agent returns: any JSON."""


class AgentFailed(Exception):
    """The agent did what it was told, and failed: its words."""


class Unusable(Exception):
    """The guest cannot be reached by its agent; the text is what the user reads."""


def refuse_letters(value: object) -> None:
    """Raise Refused for a text of an order that the agent would cut off, or cannot read.

    It takes what comes behind a NUL byte for nothing, and would do another thing than it was told.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            refuse_letters(one)
    elif isinstance(value, str) and "\0" in value:
        raise AgentFailed(f"{printable(shortened(value, SHOWN))} has a NUL byte, which no command and no path can have")
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise AgentFailed(
            f"{printable(shortened(value, SHOWN))} has bytes that are no UTF-8, which the agent does not take"
        )


class AgentGuest:
    """A guest that is reached by its agent. To be closed.

    :param way: the way to its host
    :param name: its name or UUID
    :param timeout: seconds that the agent has for each answer
    :param connect: seconds to reach the host
    """

    def __init__(self, way: AgentWay, name: str, timeout: int, connect: float) -> None:
        self.way, self.name, self.timeout = way, name, timeout
        self.piece = PIECE
        try:
            self.pipe = Pipe(way.command, connect)
        except Ended as ended:
            raise Unusable(words.unreachable(name, way.host, ended.status, ended.stderr)) from None
        try:
            self.order({"do": "open", "uri": way.uri, "guest": name, "timeout": timeout})
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the program on the host."""
        self.pipe.close()

    def order(self, order: dict[str, object]) -> object:
        """What comes of an order. Raises Refused, Unusable."""
        refuse_letters(order)
        if len(json.dumps(order)) > ORDER:
            raise AgentFailed(f"the order for the agent has more than {ORDER} bytes")
        try:
            answer = self.pipe.ask(order, self.timeout)
        except Ended as ended:
            raise Unusable(words.unreachable(self.name, self.way.host, ended.status, ended.stderr)) from None
        if "kind" not in answer:
            return answer["ok"]
        kind, message = str(answer["kind"]), str(answer.get("said"))
        if kind == "refused":
            raise AgentFailed(words.on_one_line(message))
        doing = "guest-exec" if order["do"] == "exec" else str(order.get("execute"))
        raise Unusable(words.agent_problem(self.name, self.way.host, kind, message, doing, self.timeout))

    def call(self, execute: str, **arguments: object) -> AgentAnswer:
        """What a command of the agent returns."""
        return self.order({"do": "call", "execute": execute, "arguments": arguments})

    def fault(self, what: str) -> Unusable:
        """An answer of the agent that it should never give."""
        return Unusable(words.agent_problem(self.name, self.way.host, "silent", what, seconds=self.timeout))

    def run(self, command: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
        """Run a shell command. Returns its exit code (128 and the signal, if one ended it) and what it wrote.

        :param data: its input
        """
        mark = f".virtfleet-{secrets.token_hex(16)}"
        place = ""
        if len(data) > INPUT:
            place = self.input_file(mark, data)
            data = b""
        code, out, err = self.execute(RUN, command, mark, str(INLINE), place, data=data)
        if code < 0:
            self.remove(*(f"{folder}/{mark}" for folder in FOLDERS.split()))
            return 128 - code, out, err
        if not out.startswith(mark.encode()):
            return code, out, err
        folder = out.decode().split()[-1]
        try:
            return code, self.content(f"{folder}/out"), self.content(f"{folder}/err")
        finally:
            self.remove(folder)

    def input_file(self, mark: str, data: bytes) -> str:
        """The path of a file in the guest that holds the input of a command. Nobody else can read it.

        :param mark: a name for its folder
        """
        code, out, err = self.execute(FOLDER, mark)
        if code:
            raise AgentFailed(words.on_one_line(err.decode(errors="replace")))
        folder = out.decode(errors="replace").strip()
        try:
            self.write(f"{folder}/in", io.BytesIO(data))
        except BaseException:
            self.remove(folder)
            raise
        return f"{folder}/in"

    def remove(self, *folders: str) -> None:
        """Remove folders in the guest, as far as that can be done."""
        with contextlib.suppress(AgentFailed, Unusable):
            self.execute('rm -rf "$@"', *folders)

    def execute(self, script: str, *arguments: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
        """Run a shell script. Returns its exit code (below 0 if a signal ended it), and what it wrote, no long text."""
        order = {
            "path": "/bin/sh",
            "arg": ["-c", script, "sh", *arguments],
            "input-data": base64.b64encode(data).decode(),
            "capture-output": True,
        }
        status = self.order({"do": "exec", "arguments": order})
        if not isinstance(status, dict) or not isinstance(status.get("exitcode", status.get("signal")), int):
            raise self.fault("it does not say how a command ended")
        if status.get("out-truncated") or status.get("err-truncated"):
            raise AgentFailed("the command wrote more than the agent keeps, so the end of it is lost")
        code = status["exitcode"] if "exitcode" in status else -status["signal"]
        return code, self.decoded(status, "out-data"), self.decoded(status, "err-data")

    def decoded(self, answer: ReadOnlyItem, key: str) -> bytes:
        """A part of an answer that is base64; empty where it is not there."""
        try:
            return base64.b64decode(answer.get(key) or "", validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise self.fault(f"{key} is not base64") from None

    @contextlib.contextmanager
    def opened(self, path: str, mode: str) -> t.Iterator[int]:
        """A file in the guest, by its handle; closed at the end, whatever happens."""
        handle = self.call("guest-file-open", path=path, mode=mode)
        try:
            yield handle
        except BaseException:
            with contextlib.suppress(AgentFailed, Unusable):
                self.call("guest-file-close", handle=handle)
            raise
        self.call("guest-file-close", handle=handle)

    def timed(self, largest: int, execute: str, **arguments: object) -> AgentAnswer:
        """A command of the agent that moves a piece of a file. The next piece is as large as this one was quick.

        :param largest: how many bytes the next one may have
        """
        begun = time.monotonic()
        answer = self.call(execute, **arguments)
        taken = time.monotonic() - begun
        if not isinstance(answer, dict) or not isinstance(answer.get("count"), int):
            raise self.fault("it does not say how many bytes it took or gave")
        if taken < QUICK:
            self.piece = min(largest, self.piece * 2)
        elif taken > SLOW:
            self.piece = max(SMALLEST, self.piece // 2)
        return answer

    def put(self, path: str, file: t.IO[bytes]) -> None:
        """Write what a file here holds into one in the guest. A new one is for its user only; agents make it 0666."""
        code, _out, err = self.execute('umask 077; : >"$1"', path)
        if code:
            raise AgentFailed(words.on_one_line(err.decode(errors="replace")))
        self.write(path, file)

    def write(self, path: str, file: t.IO[bytes]) -> None:
        """Write what a file here holds into one in the guest, whatever its permissions."""
        self.piece = PIECE
        with self.opened(path, "w") as handle:
            while piece := file.read(self.piece):
                while piece:
                    text = base64.b64encode(piece).decode()
                    answer = self.timed(LARGEST_WRITTEN, "guest-file-write", **{"handle": handle, "buf-b64": text})
                    if not 0 < answer["count"] <= len(piece):
                        raise self.fault(f"it says that it wrote {answer['count']} of {len(piece)} bytes")
                    piece = piece[answer["count"] :]
            self.call("guest-file-flush", handle=handle)

    def read(self, path: str, take: t.Callable[[bytes], object]) -> None:
        """Read a file in the guest.

        :param take: gets what it holds in pieces; an empty one first, once the file is open
        """
        self.piece = PIECE
        with self.opened(path, "r") as handle:
            take(b"")
            while True:
                answer = self.timed(LARGEST_READ, "guest-file-read", handle=handle, count=self.piece)
                piece = self.decoded(answer, "buf-b64")
                if len(piece) != answer["count"]:
                    raise self.fault(f"it says that it read {answer['count']} bytes, and gave {len(piece)}")
                take(piece)
                if answer.get("eof") or not piece:
                    return

    def content(self, path: str) -> bytes:
        """All that a file in the guest holds."""
        found = io.BytesIO()
        self.read(path, found.write)
        return found.getvalue()
