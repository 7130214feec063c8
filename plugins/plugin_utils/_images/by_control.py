# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control node does for hosts that ask no servers (``images_via: control``): see _flow/images_by_control.

A module that needs something of an image asks for it in its result. It is called again with the answer, or with what is
wrong. So what is wrong with an image fails the guests that need it, and no others, as where the host fetches it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
import typing as t

from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import ASKED, BROUGHT
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.images_by_control import AskedEntry
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import meter, signatures
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.declared import DeclaredImage, declared
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.products import Version
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable

from .._progress import Watcher, seconds_between
from .._sent_files import Sending
from . import cache

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

    from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result
    from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

CALLS = 3
"""How often a module asks at most: for versions, and for files; and once more where an image went meanwhile."""

HERE = "the control node"
"""What this machine is called."""


ARCH = re.compile(r"[A-Za-z0-9_.-]{1,32}")
"""What an architecture of a host may be called."""

ODD = "the host {} answered what no module of this collection answers ({}), so nothing more was done for it"


class OddQuestion(Exception):
    """A host asks for what no module asks for: it is not to be trusted, or has another version of the collection."""


class ControlAnswers:
    """What a module has asked for, and got.

    :param images: those that are declared, by name
    :param sending: sends files to the host
    :param seconds: between two lines that say how far a fetch is; None for no lines
    :param check: whether the task is in check mode, so that no file may be asked for
    :ivar arch: the architecture of the host, once it has told it
    :ivar tried: the content that was asked for of each image, by the name of the image
    :ivar done: the names of the images whose files were fetched or sent, or could not be
    """

    def __init__(
        self, images: t.Mapping[str, DeclaredImage], sending: Sending, seconds: float | None, check: bool = False
    ) -> None:
        self.images, self.sending, self.seconds, self.check = images, sending, seconds, check
        self.versions: dict[str, dict[str, object]] = {}
        self.files: dict[str, dict[str, str]] = {}
        self.arch: str | None = None
        self.tried: dict[str, str] = {}
        self.done = set[str]()

    @property
    def parameter(self) -> dict[str, object]:
        """The parameter by which the module gets them."""
        return {"versions": self.versions, "files": self.files}

    def answer_all(self, asked: object) -> None:
        """Answer all questions of a module. Raises OddQuestion before it does anything where one is none of a module.

        A module asks once for the version of an image, and once for its file. So a host cannot have much done.
        """
        if not isinstance(asked, list) or len(asked) > len(self.images):
            raise OddQuestion("a list with one question for each image was expected")
        for one in asked:
            self.refuse_odd(one)
        for one in asked:
            self.answer(one)

    def refuse_odd(self, asked: object) -> None:
        """Raise OddQuestion for what no module asks."""
        entry = asked if isinstance(asked, dict) else {}
        name, arch, content = entry.get("name"), entry.get("arch"), entry.get("content")
        image = self.images.get(name) if isinstance(name, str) else None
        if image is None:
            raise OddQuestion("a question is not about an image that is declared")
        if not isinstance(arch, str) or not ARCH.fullmatch(arch) or arch != (self.arch or arch):
            raise OddQuestion(f"the architecture in its question for the image {image.name} is odd")
        self.arch = arch
        if content is None:
            if image.via != "control" or not image.asks:
                raise OddQuestion(f"the control node is not to find out versions of the image {image.name}")
        elif not isinstance(content, str) or self.tried.setdefault(image.name, content) != content:
            raise OddQuestion(f"the image {image.name} does not have the content that it asks for")
        elif not image.is_sent:
            raise OddQuestion(f"the control node is not to send the image {image.name}")
        elif self.check:
            raise OddQuestion(f"it asks for the file of the image {image.name} in check mode")

    def answer(self, asked: AskedEntry) -> None:
        """Answer one question of a module, if that has no answer yet."""
        image, content = self.images[asked["name"]], asked.get("content")
        if content is None:
            if image.name not in self.versions:
                with self.shown(image.name):
                    self.versions[image.name] = version_of(image, asked["arch"], bool(asked.get("lasting")))
            return
        before = self.files.get(content, {})
        if "path" in before or image.name in self.done:
            return
        self.done.add(image.name)
        found = self.file(image, asked["arch"], content)
        if "problem" in found and before.get("problem", found["problem"]) != found["problem"]:
            found = {"problem": f"{before['problem']}; {found['problem']}"}
        self.files[content] = found

    def file(self, image: DeclaredImage, arch: str, content: str) -> dict[str, str]:
        """The file of an image on the host, and its checksum; or what is wrong, as ``problem``."""
        try:
            version = self.version(image, arch)
            if version.content != content:
                raise VirtfleetError(f"the image {image.name} is another one than this host asks for: run again")
            with signatures.named_machine(HERE), self.shown(image.name):
                found = here(lambda: cache.image_of(version, image.seconds))
            path = self.sending.send(found.path, f"the image {meter.file_name(version.place)}")
        except VirtfleetError as error:
            return {"problem": str(error)}
        return {"path": path, "checksum": found.checksum}

    def version(self, image: DeclaredImage, arch: str) -> Version:
        """The version of an image whose file is asked for. Raises VirtfleetError where it is not known."""
        locked = image.locked_version(arch)
        if locked is not None:
            return locked
        if not image.asks:
            return image.looked_up(arch)
        found = self.versions.get(image.name) or version_of(image, arch)
        if "problem" in found:
            raise VirtfleetError(str(found["problem"]))
        return Version(**found)

    @contextlib.contextmanager
    def shown(self, name: str) -> t.Iterator[None]:
        """Print how far a fetch is."""
        if self.seconds is None:
            yield
            return
        path = os.path.join(constants.DEFAULT_LOCAL_TMP, f"virtfleet-{secrets.token_hex(16)}")
        before, meter.current = meter.current, meter.Meter(path)
        try:
            with meter.subject(f"image {name}"), FetchWatcher(path, self.seconds):
                yield
        finally:
            meter.current.end()
            meter.current = before


class FetchWatcher(Watcher):
    """Looks how far a fetch of this machine is.

    :param path: the file that tells it
    """

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__(None, HERE, seconds)
        self.path = path

    def look(self) -> str:
        """What the file says; empty where there is none."""
        with contextlib.suppress(FileNotFoundError), open(self.path, encoding="utf-8") as file:
            return file.read()
        return ""


T = t.TypeVar("T")


def here(call: t.Callable[[], T]) -> T:
    """What a call gives; what it says is wrong is told of this machine."""
    try:
        return call()
    except VirtfleetError as error:
        raise VirtfleetError(f"on {HERE}: {error}") from None


def version_of(image: DeclaredImage, arch: str, lasting: bool = False) -> dict[str, t.Any]:
    """The parts of the version of an image, found out once in a run of Ansible; or what is wrong, as ``problem``."""

    def find() -> dict[str, t.Any]:
        try:
            with signatures.named_machine(HERE):
                return here(lambda: image.looked_up(arch, lasting))._asdict()
        except VirtfleetError as error:
            return {"problem": str(error)}

    product = None if image.product is None else dataclasses.astuple(image.product)
    key = json.dumps([product, image.place, image.checksum, image.keyring, image.seconds, arch, lasting])
    try:
        return here(lambda: cache.once(key, find, image.seconds))
    except VirtfleetError as error:
        return {"problem": str(error)}


def answered(
    action: ActionBase, host: str, result: Result, again: t.Callable[[], Result], task_vars: Variables
) -> Result:
    """The result of a module, called again until it asks for nothing more.

    :param result: what it has returned, with ASKED
    :param again: calls it again
    """
    args, check = action._task.args, bool(action._task.check_mode)
    seconds = seconds_between(action, task_vars)
    try:
        images = declared(args.get("images"), args.get("images_lock"), str(args.get("images_via") or "host"))
    except VirtfleetError:  # The module refuses these, and asks nothing.
        images = {}
    with Sending(action, host, seconds) as sending:
        answers = ControlAnswers(images, sending, seconds, check)
        for _call in range(CALLS):
            try:
                answers.answer_all(result.get(ASKED))
            except OddQuestion as problem:
                return {"failed": True, "changed": False, "msg": ODD.format(readable(host), problem)}
            action._task.args = {**args, BROUGHT: answers.parameter}
            try:
                result = again()
            finally:
                action._task.args = args
            if ASKED not in result:
                return result
    return {"failed": True, "changed": False, "msg": "the host asks for images again and again: run again"}
