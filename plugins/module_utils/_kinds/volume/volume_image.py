# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill a file with an image, so that nothing half-made is ever taken for good.

An image is hostile until proven: fetched or copied into a file of this run's own, held against its
checksum, unpacked, told by its magic numbers, and refused where it names other files. Only then a tool
opens it, with its format named and without any right (see _host.sandbox). All is done under a temporary
name beside the file, made larger, and written through to the disk; then it gets its name. What fails
takes its temporary file along; that of a run that was killed is taken away by the next.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import hmac
import os
import time
import typing as t

from ..._errors import VirtfleetError
from ..._host import checksum_list, meter, part_files, sparse_copy, waiting_caller
from ..._host.download import download
from ..._host.image_format import Content, Unfit, recognise
from ..._host.part_files import nameless, opened_folder, part_name, reader, reserved, settle
from ..._host.qcow2 import check_qcow2
from ..._host.qemu_img import convert, with_tables
from ..._host.sandbox import Limits
from ..._host.sparse_copy import Room, Writer
from ..._host.unpack import STREAMS, unpack
from ..._printing import masked_url
from ..shared.storage_values import CAPACITY
from .new_file import failure_in_words, permit, too_large

PLAIN = ("raw", "iso")
"""Formats of a volume whose bytes are those of the disk."""

SECTOR = 512
COMPRESSIONS = (*STREAMS, "zst")

AS_IT_IS = "; give format: raw where its bytes are wanted as they are (an ending of the name is not enough)"
PAGE = ", perhaps an error or a login in place of the image: look at it in a browser"
CONVERT = "; only raw and qcow2 are taken: convert it with qemu-img"


@dataclasses.dataclass(frozen=True)
class ImageFound:
    """What an image is.

    :param format: such as ``qcow2``
    :param size: the size that a guest sees
    """

    format: str
    size: int


@dataclasses.dataclass(frozen=True)
class Source:
    """Where an image comes from, and what is known of it.

    :param place: an URL, or the path of a file or block device
    :param checksum: what it must have, as ALGORITHM:DIGEST, or the URL of a list that tells
    :param known: its format, where it is noted and must not be told by what a guest wrote
    :param verbatim: whether it is taken as a raw disk also where nothing shows that it is one
    :param seconds: that it may take to come
    :param what: what it is to the user, such as ``volume`` where a volume is copied
    :param origin: where the user says that it comes from, if that is another place
    """

    place: str
    checksum: str | None = None
    known: str | None = None
    verbatim: bool = False
    seconds: float | None = None
    what: str = "image"
    origin: str | None = None

    @property
    def fetched(self) -> bool:
        """Whether it comes from elsewhere."""
        return not self.place.startswith("/")

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return masked_url(self.origin or self.place)

    @property
    def file(self) -> str:
        """The name of its file."""
        return meter.file_name(self.origin or self.place)

    @property
    def named(self) -> str:
        """Its name with what it is."""
        return f"the {self.what} {self.shown}"


@dataclasses.dataclass(frozen=True)
class OpenImage:
    """An image that is open.

    :param descriptor: the open file
    :param size: its bytes
    :param own: whether nobody else can write to it
    """

    descriptor: int
    size: int
    own: bool


class Downloads:
    """What a run has fetched, so that each URL is asked once. The files have no name, and go with the run.

    :param uses: how often each URL is asked for; the last that asks takes it along
    """

    def __init__(self, uses: t.Mapping[str, int] | None = None) -> None:
        self.uses = dict(uses or {})
        self.fetched: dict[tuple[str, bool], OpenImage | str] = {}

    def get(self, source: Source, folder: str) -> OpenImage:
        """The image of an URL. Raises Unfit where it cannot be had, and again for each that asks."""
        key = (source.place, source.checksum is not None)
        image = self.fetched.get(key)
        if image is None:
            image = self.fetched[key] = self.fetch(source, folder)
        if isinstance(image, str):
            raise Unfit(image)
        return image

    def fetch(self, source: Source, folder: str) -> OpenImage | str:
        """Fetch an image; why it cannot be had."""
        descriptor = nameless(folder)
        try:
            writer = Writer(descriptor, Room(descriptor))
            with meter.work(f"fetching {source.file}"):
                download(source.place, writer, source.checksum is not None, source.seconds)
            return OpenImage(descriptor, writer.finish(), True)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, Unfit):
                return str(error)
            raise

    def done(self, source: Source) -> None:
        """Take note that one of those who ask for an URL has done so."""
        left = self.uses[source.place] = self.uses.get(source.place, 1) - 1
        for checked in (True, False) if left <= 0 else ():
            image = self.fetched.pop((source.place, checked), None)
            if isinstance(image, OpenImage):
                os.close(image.descriptor)

    def close(self) -> None:
        """Let go of all."""
        for image in self.fetched.values():
            if isinstance(image, OpenImage):
                os.close(image.descriptor)
        self.fetched.clear()


current = Downloads()
"""What this run has fetched."""


@contextlib.contextmanager
def downloads(urls: t.Iterable[str]) -> t.Iterator[None]:
    """A run that asks for these URLs, each as often as it is there."""
    global current
    uses: dict[str, int] = {}
    for url in urls:
        uses[url] = uses.get(url, 0) + 1
    before, current = current, Downloads(uses)
    try:
        yield
    finally:
        current.close()
        current = before


def make(
    path: str,
    source: Source,
    form: str | None,
    capacity: int | None,
    permissions: t.Mapping[str, object] | None = None,
    note_file: t.Callable[[str], None] = lambda part: None,
    part: str | None = None,
) -> ImageFound:
    """Make a file of an image.

    :param form: the format it gets; None for that of the image
    :param capacity: the size that a guest sees; None for that of the image
    :param permissions: ``owner``, ``group`` and ``mode`` that it gets; left out, only root may use it
    :param note_file: called with the path of the whole file, before it gets its name
    :param part: its temporary name, which is noted; None for a new one that nobody will know

    Raises VirtfleetError, with nothing left behind, where that fails.
    """
    folder, name = os.path.split(path)
    part = part or part_name(name)
    try:
        with contextlib.ExitStack() as stack:
            if source.fetched:
                stack.callback(current.done, source)
            place = stack.enter_context(opened_folder(folder))
            if part_files.exists(place, name):
                raise VirtfleetError(f"{path} is there already, and is left as it is")
            digest = checksum_list.resolved(source.place, source.checksum, source.seconds)
            source = dataclasses.replace(source, checksum=digest)
            target = stack.enter_context(reserved(place, part, os.path.join(folder, part)))
            found = fill_open(target, source, form, capacity, folder, stack)
            note_file(os.path.join(folder, part))
            permit(target, permissions or {})
            with meter.work("writing it to the disk"):
                settle(target, place, part, name, path)
            return found
    except Unfit as error:
        raise VirtfleetError(f"{source.named} {error}") from None
    except OSError as error:
        raise VirtfleetError(failure_in_words(error, folder)) from None


def fill_open(
    target: int, source: Source, form: str | None, capacity: int | None, folder: str, stack: contextlib.ExitStack
) -> ImageFound:
    """Fill an open file with an image. Raises Unfit, or OSError where there is no room."""
    image, content = obtain(source, form, capacity, folder, stack)
    plain = content.kind in PLAIN
    form, size = measured(image, content, source, form, capacity)
    largest = max(size, capacity or 0)
    try:
        if plain and form in PLAIN:
            with meter.work(f"copying {source.file}", image.size):
                sparse_copy.copy(image.descriptor, target, image.size, Room(target))
            if not image.own:
                verify(target, image.size, source)
            os.ftruncate(target, capacity or size)
        else:
            convert((image.descriptor, "raw" if plain else content.kind, image.size), (target, form), size, capacity)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise VirtfleetError(too_large(f"a disk of {largest} bytes", folder)) from None
        raise
    return ImageFound(form, largest)


def measured(
    image: OpenImage, content: Content, source: Source, form: str | None, capacity: int | None
) -> tuple[str, int]:
    """The format that a volume gets, and the bytes of the disk in its image. Raises VirtfleetError, also as Unfit."""
    plain = content.kind in PLAIN
    size = -(-image.size // SECTOR) * SECTOR if plain else check_qcow2(reader(image.descriptor), image.size)
    form = form or ("raw" if plain else content.kind)
    if form == "iso" and content.kind != "iso" and source.known not in PLAIN:
        raise Unfit(f"is {content.words}, and the format of the volume is iso")
    if capacity is not None and capacity < size:
        raise VirtfleetError(
            f"the image has a disk of {CAPACITY.show(size)}, more than its capacity, {CAPACITY.show(capacity)}:"
            " give at least that as capacity (for a guest's disk, size), or leave it out"
        )
    return form, size


def problem(source: Source, form: str | None, capacity: int | None) -> str | None:
    """Why a file of the host would be refused as an image, in the words of ``make``; None where nothing shows that.

    Nothing is made, and no tool opens it. What is compressed is not looked into. Locks are another matter (in_use).
    """
    try:
        with contextlib.ExitStack() as stack:
            image = local(source, stack, locks=False)
            content = kind_of_image(image, source)
            if content.kind not in COMPRESSIONS:
                measured(image, taken(content, source), source, form, capacity)
    except Unfit as error:
        return f"{source.named} {error}"
    except VirtfleetError as error:
        return str(error)
    except OSError as error:
        return f"{source.named} cannot be read: {error.strerror}"
    return None


def in_use(source: Source) -> str | None:
    """Why a file of the host would be refused as an image at this moment: a running guest may write to it."""
    try:
        with contextlib.ExitStack() as stack:
            local(source, stack)
    except Unfit as error:
        return f"{source.named} {error}"
    except OSError:
        return None
    return None


def taken(content: Content, source: Source) -> Content:
    """What an image counts as. Raises Unfit for what is not taken."""
    if content.kind == "none" and source.verbatim:
        return Content("raw", content.words)
    if content.kind in ("none", "other"):
        page = PAGE if content.words == "a web page" else ""
        raise Unfit(f"is {content.words}{page}{AS_IT_IS if content.kind == 'none' else CONVERT}")
    return content


def obtain(
    source: Source, form: str | None, capacity: int | None, folder: str, stack: contextlib.ExitStack
) -> tuple[OpenImage, Content]:
    """An image, whole and unpacked, and what it is. Raises Unfit where it is not to be had, or refused."""
    image = current.get(source, folder) if source.fetched else local(source, stack)
    content = kind_of_image(image, source)
    if not image.own and not (content.kind in PLAIN and form in (*PLAIN, None)):
        image = private_copy(image, source, folder, stack)
        content = kind_of_image(image, source)
    if image.own:
        verify(image.descriptor, image.size, source)
    if content.kind in COMPRESSIONS:
        image = unpacked(image, content.kind, capacity, folder, stack)
        content = kind_of_image(image, source)
        if content.kind in COMPRESSIONS:
            raise Unfit(f"is compressed twice: unpacked, it is {content.words}")
    return image, taken(content, source)


def kind_of_image(image: OpenImage, source: Source) -> Content:
    """What an image is: what is known of it, else by its magic numbers."""
    if source.known in PLAIN:
        return Content("raw", "a raw disk")
    content = recognise(reader(image.descriptor), image.size)
    if source.known is not None and content.kind != source.known:
        raise Unfit(f"is noted as {source.known}, but it is {content.words}")
    return content


def local(source: Source, stack: contextlib.ExitStack, locks: bool = True) -> OpenImage:
    """A file or device of the host.

    :param locks: whether one is refused that a running guest may write to
    """
    descriptor, size = part_files.open_image(source.place, locks)
    stack.callback(os.close, descriptor)
    return OpenImage(descriptor, size, False)


def private_copy(image: OpenImage, source: Source, folder: str, stack: contextlib.ExitStack) -> OpenImage:
    """A copy that nobody else can write to: what is looked at is what a tool then opens."""
    descriptor = nameless(folder)
    stack.callback(os.close, descriptor)
    with meter.work(f"copying {source.file}", image.size):
        sparse_copy.copy(image.descriptor, descriptor, image.size, Room(descriptor))
    return OpenImage(descriptor, image.size, True)


def unpacked(image: OpenImage, kind: str, capacity: int | None, folder: str, stack: contextlib.ExitStack) -> OpenImage:
    """An image that was compressed. It may have as many bytes as are free, or as its capacity says."""
    descriptor = nameless(folder)
    stack.callback(os.close, descriptor)
    room = Room(descriptor)
    longest = room.free if capacity is None else with_tables(capacity)
    writer = Writer(descriptor, room, longest)
    seconds = Limits.for_bytes(image.size, longest).seconds
    with meter.work("unpacking it", image.size):
        unpack(kind, image.descriptor, image.size, writer, time.monotonic() + seconds)
    return OpenImage(descriptor, writer.finish(), True)


def verify(descriptor: int, size: int, source: Source) -> None:
    """Hold an image against its checksum. Raises VirtfleetError where it has another."""
    if source.checksum is None:
        return
    algorithm, _colon, expected = source.checksum.partition(":")
    digest = hashlib.new(algorithm)
    with meter.work("comparing its checksum", size):
        for offset in range(0, size, sparse_copy.CHUNK):
            waiting_caller.heed()
            digest.update(os.pread(descriptor, min(sparse_copy.CHUNK, size - offset), offset))
            meter.came(offset)
    if not hmac.compare_digest(digest.hexdigest(), expected):
        raise VirtfleetError(
            f"the checksum of the image {source.shown} is {algorithm}:{digest.hexdigest()}, not {source.checksum}:"
            " it is damaged, or another one; nothing of it was kept"
        )
