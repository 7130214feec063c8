# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people may read them. Nothing else in the collection puts a user's value into text.

=================  ==================================================================================
``printable``      a value in a message
``named``          the name of something in a message: an item, an option
``masked_uri``     a connection URI as a user has written it
``masked``         a text of which others are the authors: libvirt, another program, a definition
``displayed``      a value in ``changes``, diffs and facts
``readable``       a whole message, when it leaves the collection
=================  ==================================================================================
"""

from __future__ import annotations

import contextlib
import datetime
import re
import typing as t

LONGEST = 80
"""How many characters of a value a message shows."""
LOOKED_AT = 10_000
"""Of a longer text a message shows nothing."""
NAME = 64
"""How many characters of a name a message shows."""
BITS = 128
"""Numbers of more bits are not written out. Python refuses to beyond 4,300 digits."""

SECRET = "(secret)"
"""What stands in the place of a secret."""

URL = re.compile(
    r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)"
    r"((?:[^\s/?#]*|[^\s:/@]*:[^\s@]*(?:@[^\s@/]*)*"
    r"|[^\s:/@]{0,60}:(?![0-9]{1,5}[\s/?#])[^\s@]{0,60}[ \t][^@\n]{0,60})@)?"
    r"((?:[^\s?#;&%]|[;&](?![^\s?#;&=]{0,60}=)|%(?!3f))*)((?:\?|[;&]|%3f)[^\s#]*)?(#\S*)?"
)
"""A URL with its user info, its place, its query and its fragment (RFC 3986, section 3).

A password may have characters that ought to be escaped: all up to the last ``@`` belongs to it. What is like
a query without its question mark is taken for one.
"""

LOGIN = re.compile(r"""(?<![^\s/'"<>=(,])[^\s:/@'"<>=(,]{1,60}:[^\s@/'"<>]{1,200}@""")
"""User and password that stand before a host, without a scheme."""

MASK = "***"
"""What stands in the place of a part of a text."""

UNSURE = re.compile(r"[@?#;&\s\x00-\x1f\x7f-\x9f]|%3f", re.IGNORECASE)
"""What a place that is no URL, or is none that can be understood, may have a secret beside."""

WORD = (
    r"(?:pass?-?w(?:or)?[dt]|pass-?phrase|secret|token|credential|cookie|(?:api|private)[-_]?key|authorization"
    r"|signature|(?<![a-z0-9])(?:pwd|psk|sig)(?![a-z0-9]))"
)
"""What names of secrets have in them."""
SECRET_NAME = re.compile(f"(?i){WORD}")
NO_SECRET = re.compile(r"(?i)valid_?to$|\Akvm_secrets\Z")
"""Names with such a word that are no secrets: when a password ends, and the list of libvirt's secrets."""
UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A secret of libvirt's is named by one; it is no secret itself (formatsecret.html)."""

QUOTED = (
    r"""(?:\\"(?:[^"\\]|\\[^"]){0,4000}\\"|"(?:[^"\\]|\\.){0,4000}"|"[^"]{0,4000}"|'[^']{0,4000}'"""
    r"""|&quot;.{0,400}?&quot;|&apos;.{0,400}?&apos;)"""
)
"""A value in quotes of XML, JSON, or JSON in JSON or XML."""
MARK = r"""(?:\\?["']|&quot;|&apos;)"""
ASSIGNED = (
    # passwd='x', password=x, "token": "x", Authorization: Bearer x; not NOPASSWD:ALL, a rule of sudo
    re.compile(
        rf"""(?i)(?<!(?-i:\bNO))({WORD}[\w.-]{{0,40}}{MARK}?\s{{0,9}}[=:]\s{{0,9}})"""
        rf"""({QUOTED}|(?:(?:bearer|basic|digest|negotiate|token)\s{{1,9}})?["']?[^\s,;&<>"']+)"""
    ),
    # --password x, --key x
    re.compile(
        rf"""(?i)((?<!\S)--?(?:[\w-]{{0,40}}{WORD}[\w-]{{0,20}}|(?:[\w-]{{0,40}}-)?key)\s{{1,9}})({QUOTED}|[^\s<>"']+)"""
    ),
    # <cookie name='a'>x</cookie>
    re.compile(rf"(?i)(<[\w:.-]{{0,40}}{WORD}[^<>]{{0,400}}(?<!/)>)(?!\s{{1,9}}elements?\b)(<!\[CDATA\[[^\]]+|[^<]+)"),
    # <password value='x'/>
    re.compile(rf"(?i)(<[\w:.-]{{0,40}}{WORD}[^<>]{{0,200}}\s(?:value|data|key)\s{{0,9}}=\s{{0,9}})({QUOTED})"),
    # name='VNC_PASSWORD' value='x', and the other way round
    re.compile(
        rf"""(?i)(\bname\s{{0,9}}=\s{{0,9}}["'][^"']{{0,200}}?{WORD}[^"']{{0,200}}["']\s{{1,9}}value\s{{0,9}}=\s{{0,9}})({QUOTED})"""
    ),
    re.compile(
        rf"""(?i)(\bvalue\s{{0,9}}=\s{{0,9}})({QUOTED})(?=\s{{1,9}}name\s{{0,9}}=\s{{0,9}}["'][^"']{{0,200}}?{WORD})"""
    ),
    # QEMU's -object secret,id=a,data=x, also as JSON; Ceph's id=admin:key=x
    re.compile(r"""(?i)(\bsecret\b[^\s"'<>]{0,200},data=)([^\s,"'<>]+)"""),
    re.compile(rf"""(?i)(\bsecret\b[^<>{{}}]{{0,200}}?\bdata{MARK}\s{{0,9}}:\s{{0,9}})({QUOTED})"""),
    re.compile(rf"""(?i)(\bdata{MARK}\s{{0,9}}:\s{{0,9}})({QUOTED})(?=[^<>{{}}]{{0,200}}\bsecret\b)"""),
    re.compile(r"""(?i)([:;,]key=)([^\s:;,"'<>]+)"""),
    # -fw_cfg name=opt/a,string=x and <entry name='opt/a'>x</entry>: x may be any text, so all that comes after may be
    # part of it
    re.compile(r"""(?is)((?:\bname=[^\s"'<>]{0,200}?,|\bfw_cfg\s{1,9})string=)(.+)"""),
    re.compile(r"""(?is)(\A\s{0,9}string=)(.+,name=.*)"""),
    re.compile(r"""(?i)(<entry\s[^<>]{0,200}\bname\s{0,9}=\s{0,9}["']opt/[^<>]{0,200}(?<!/)>)([^<]+)"""),
)
"""A name that tells of a secret, and the secret."""
HINT = re.compile(f"(?i){WORD}|[:;,]key=|-key\\s|string=|<entry\\s")


class Showing:
    """Whether values are shown at this moment (see unshown)."""

    hidden = 0


@contextlib.contextmanager
def unshown() -> t.Iterator[None]:
    """Within, ``printable`` shows no value: what is wrong there may be a secret at the wrong place."""
    Showing.hidden += 1
    try:
        yield
    finally:
        Showing.hidden -= 1


def masked_url(text: str) -> str:
    """A text in which every URL has lost what may be secret: user info, query and fragment.

    >>> masked_url("https://user:pw@host/x.qcow2?X-Amz-Signature=abc")
    'https://***@host/x.qcow2?***'
    """
    if "://" not in text:
        return text

    def mask(found: re.Match[str]) -> str:
        scheme, user, place, query, fragment = found.groups()
        return (
            scheme
            + (f"{MASK}@" if user else "")
            + place
            + (f"?{MASK}" if query else "")
            + (f"#{MASK}" if fragment else "")
        )

    return URL.sub(mask, text)


PLAIN_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9_.:\[\]%-]*(?:/[A-Za-z0-9_.,:/~+-]*)?|[A-Za-z0-9_.-]*")
"""A connection URI, or an alias of one (libvirt's uri.html), that holds no user info, query or fragment."""


def masked_uri(uri: str) -> str:
    """A connection URI as far as it surely holds no secret: nothing of one that is written otherwise than URIs are.

    >>> masked_uri("qemu+tcp://user:p w@host/system")
    'qemu+tcp://***'
    """
    if PLAIN_URI.fullmatch(uri):
        return uri
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)(?:[^\s@/?#]*@)?([^\s@?#]*)([?][^\s@#]*)?", uri)
    if found is None:
        return "(not shown)"
    whole, bare = found.end() == len(uri), found[1] + found[2]
    if not whole or not PLAIN_URI.fullmatch(bare):
        return f"{found[1]}***"
    return found[1] + ("***@" if "@" in found[0] else "") + found[2] + ("?***" if found[3] else "")


def masked_host(name: str) -> str:
    """The name of a server, to which user and password may have been written.

    >>> masked_host("user:pw@host")
    '***@host'
    """
    user, sign, host = name.rpartition("@")
    return f"{MASK}@{masked_part(host)}" if sign and user else masked_part(name)


def masked_part(name: str) -> str:
    """A part of a URL, such as the path on a server, to which a query or a login may have been written.

    >>> masked_part("image?sig=abc")
    'image?***'
    """
    return re.sub(r"(?is)(?:[?#]|%3f|[;&](?=[^;&=]{0,60}=)).*", f"?{MASK}", masked(name), count=1)


def masked(text: str) -> str:
    """A text without the secrets that are known by what stands before them, such as ``passwd='x'``.

    >>> masked("-object secret,id=a,data=x <graphics type='vnc' passwd='y'/>")
    "-object secret,id=a,data=(secret) <graphics type='vnc' passwd=(secret)/>"
    """
    text = masked_url(text)
    if "@" in text:
        text = LOGIN.sub(f"{MASK}@", text)
    if HINT.search(text):
        for pattern in ASSIGNED:
            text = pattern.sub(lambda found: found[1] + SECRET, text)
    return text


def secret_name(name: object) -> bool:
    """Whether the name of a value says that it is a secret."""
    return isinstance(name, str) and SECRET_NAME.search(name) is not None and NO_SECRET.search(name) is None


def displayed(value: object, name: object = "") -> object:
    """A value for changes, diffs and facts: the same one, without what is secret in it.

    :param name: the name of the value, or the path that leads to it
    """
    if isinstance(value, dict):
        return {inner: displayed(value[inner], inner) for inner in value}
    if isinstance(value, (list, tuple)):
        return [
            SECRET if index and option_of_secret(value[index - 1]) else displayed(inner, name)
            for index, inner in enumerate(value)
        ]
    if isinstance(value, str):
        if secret_name(name) and not UUID.fullmatch(value):
            return SECRET
        return encodable(masked(value))
    return value


def option_of_secret(word: object) -> bool:
    """Whether a word is an option of a program whose next word is a secret."""
    if not isinstance(word, str) or not word.startswith("-") or "=" in word:
        return False
    return secret_name(word) or re.search(r"(?i)-key$", word) is not None


def encodable(text: str) -> str:
    """A text that can be written as UTF-8: lone surrogates are spelled out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def printable(value: object, hidden: bool = False) -> str:
    """A value in words: a plain one in quotes and cut to a bearable length, a container only by its type.

    A container may hold a secret anywhere, so nothing of it is shown.

    :param hidden: whether the value may be a secret itself; only its type is shown then
    """
    if value is None:
        return "null"
    for of, word in ((dict, "a dictionary"), ((list, tuple, set, frozenset), "a list"), ((bytes, bytearray), "bytes")):
        if isinstance(value, of):
            return word
    if hidden or Showing.hidden:
        if isinstance(value, bool):
            return "a boolean"
        return "a string" if isinstance(value, str) else "a number" if isinstance(value, (int, float)) else "the value"
    if isinstance(value, int) and value.bit_length() > BITS:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, str):
        if len(value) > LOOKED_AT:
            return f"a text of {len(value)} characters"
        # All is masked and then cut: that something is a secret may be known by what stands behind it.
        return repr(shortened(masked(value), LONGEST))
    if isinstance(value, (int, float, datetime.date)):
        return str(value)
    return f"a value of type {type(value).__name__}"


def shortened(text: str, most: int) -> str:
    """The beginning of a text."""
    return text if len(text) <= most else f"{text[:most]}..."


def named(name: object) -> str:
    """The name of something, without quotes. Of one that nobody would choose only the beginning is shown.

    ``passwd:hunter2``, which lacks a space, is one name to YAML: what follows the name is not shown.
    """
    if not isinstance(name, str):
        return printable(name)
    found = re.match(r"[A-Za-z0-9_.-]*", name)
    start = found[0] if found else ""
    if start == name and 0 < len(name) <= NAME:
        return name
    return f"{start[:NAME]}..." if start else "(a name that cannot be shown)" if name else "(an empty name)"


def label(name: object) -> str:
    """The name of an item as people know it, without what a terminal acts on; quoted if it has space at its ends."""
    shown = readable(shortened(name, 200)) if isinstance(name, str) else printable(name)
    return shown if shown == shown.strip() else f"'{shown}'"


def readable(text: str) -> str:
    """A message as it leaves the collection.

    URLs are masked, and what would not be seen as it is, is spelled out: control characters, among them
    those that terminals act on, and those that change the direction of writing.
    """
    text = masked_url(text)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text)


def spelled_out(name: str) -> str:
    """A name of a file in one line: bytes that are no UTF-8, and what is no letter, as escapes such as ``\\n``.

    Python holds a byte that is no UTF-8 as a letter from U+DC80 on (PEP 383).
    """
    out = []
    for letter in name:
        byte = ord(letter) - 0xDC00
        escape = f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else ascii(letter)[1:-1]
        out.append(letter if letter.isprintable() else escape)
    return "".join(out)


def unforeseen(error: BaseException) -> str:
    """An exception that nobody foresaw, in words: its kind, where it comes from, and no value.

    What stands in quotes in its text may be a user's value, and is left out.
    """
    kind = type(error).__name__
    try:
        text = re.sub(r"""'[^']*'|"[^"]*"|[0-9]{20,}""", "...", " ".join(masked(str(error)).split()))
    except Exception:  # There are exceptions that cannot be printed.
        text = ""
    where = error.__traceback__
    place = ""
    while where is not None:
        file = where.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/plugins/" in file or not place:
            place = f"{file.rpartition('/')[2]}, line {where.tb_lineno}"
        where = where.tb_next
    detail = f": {shortened(text, 200)}" if text else ""
    return f"a fault of this collection, please report it: {kind}{detail}{f' ({place})' if place else ''}"
