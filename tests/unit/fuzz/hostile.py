# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input that nobody should write, made from the tables themselves: a new row is tried as it is added.

``Hostile.item`` makes an item of a table, of which parts are replaced by values of wrong types and
sizes. ``Hostile.plant`` puts a secret into it, where users put secrets rightly and wrongly.
"""

from __future__ import annotations

import datetime
import random
import string
import typing as t

import jinja2

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import (
    Chain,
    Documents,
    Fragment,
    Group,
    Map,
    Struct,
    Values,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.variant import Variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.tests.unit.exhaustive import Maker
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.paths import Path, guarded_paths, secret_paths

Item = dict[t.Any, t.Any]


class Unsayable:
    """A value that cannot even be printed."""

    def __repr__(self) -> str:
        raise UnicodeError("no")

    __str__ = __repr__


def deep(kind: type, levels: int) -> t.Any:
    """Lists in lists, or dictionaries in dictionaries."""
    value: t.Any = kind()
    for _level in range(levels):
        value = [value] if kind is list else {"name": value}
    return value


def endless() -> list[t.Any]:
    """A list that is its own item, as anchors of YAML can make one."""
    value: list[t.Any] = []
    value.append(value)
    return value


def broad() -> list[t.Any]:
    """A billion items by ten lists, as anchors of YAML can make them."""
    value: list[t.Any] = ["lol"] * 10
    for _level in range(9):
        value = [value] * 10
    return value


VALUES: tuple[t.Callable[[], t.Any], ...] = (
    *(lambda value=value: value for value in (None, True, False, 0, 1, -1, 7, 2**31, 2**64, -(2**70), 1.5, -0.0)),
    *(lambda value=value: value for value in (float("nan"), float("inf"), b"bytes", frozenset((1, 2)), (1, "2"))),
    *(lambda text=text: text for text in ("", " ", "\n", "-", "0x", "1e999", "\u00b2", "\u0663", "\uff11", "1_0")),
    *(lambda text=text: text for text in ("\0", "a\x1b[31mb", "\ud800", "\u202egnp.x", "\x9b31m", "a\nb", "..", "/")),
    *(lambda text=text: text for text in ("é" * 300, "x" * 255, "true", "null", "{{ x }}", "<a/>", "&lol;", "a/b/c")),
    lambda: 10**5000,
    lambda: -(10**5000),
    lambda: "9" * 5000,
    lambda: f"{'9' * 5000}GiB",
    lambda: f"0x{'f' * 5000}",
    lambda: "x" * 100_000,
    lambda: bytearray(b"\xff\xfe"),
    lambda: {1, 2},
    lambda: datetime.date(2026, 1, 2),
    lambda: datetime.datetime(2026, 1, 2, 3, 4, 5),
    list,
    dict,
    lambda: [None],
    lambda: [[[]]],
    lambda: {2: 2, None: 3, True: 4, (5, 6): 7},
    lambda: {"\ud800": "a", "x\x1b[0m": 1, "y" * 5000: 2},
    lambda: deep(list, 10_000),
    lambda: deep(dict, 10_000),
    endless,
    broad,
    Unsayable,
    lambda: jinja2.StrictUndefined(name="nope"),
    lambda: "a" * 10_000_000,
)
RARE = 1
"""Of how many values at the end only one in a hundred is taken: they take long to make."""

NEAR = ("pasword", "password", "Passwd", "passwd ", "pass-wd", "passphrase", "secret", "token", "key")


class Hostile:
    """Makes hostile input from one generator of random numbers."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.maker = Maker()
        letters = string.ascii_letters + string.digits
        self.secret = "".join(chance.choice(letters) for _place in range(24))

    def value(self) -> t.Any:
        """Any value."""
        most = len(VALUES) if self.chance.random() < 0.01 else len(VALUES) - RARE
        return VALUES[self.chance.randrange(most)]()

    def sane(self) -> t.Any:
        """Any value that Ansible itself can evaluate: it follows the anchors of YAML wherever they lead."""
        for _time in range(20):
            index = self.chance.randrange(len(VALUES) - RARE)
            if VALUES[index] not in (endless, broad):
                return VALUES[index]()
        return None

    def item(self, table: Table, spoilt: float = 0.1, sane: bool = False) -> Item:
        """An item with a few of the table's options.

        :param spoilt: the share of values that is replaced by any
        :param sane: whether Ansible is to evaluate it
        """
        value = self.sane if sane else self.value
        item: Item = {"name": self.chance.choice(("web01", "a", "lan", "br0", "disk.qcow2"))}
        item.update(self.options(table.rows, spoilt, 4))
        if self.chance.random() < 0.15:
            item["name"] = value()
        for name in ("memory", "capacity"):
            if any(name in row.names for row in table.rows) and self.chance.random() < 0.8:
                item.setdefault(name, "64MiB")
        if self.chance.random() < 0.1:
            item[self.key()] = value()
        return item

    def key(self) -> t.Any:
        """The name of an option that does not exist, or of one at a wrong place."""
        odd = (None, 1, True, "", "\x1b]0;x\x07", "\ud800", "z" * 100_000, "\u202ex", "devices", "state", "a.b", "a b")
        return self.chance.choice(odd)

    def options(self, rows: t.Sequence[t.Any], spoilt: float, most: int) -> Item:
        """Options of a few rows."""
        picked = [self.chance.choice(rows) for _time in range(self.chance.randint(0, most))] if rows else []
        item: Item = {}
        for row in picked:
            if isinstance(row, Variant):
                tag = self.chance.choice(tuple(row.cases))
                if row.type is not None and tag not in row.choosers:
                    item[row.type.name] = tag
                item.update(self.options(row.cases[tag], spoilt, 3))
            else:
                item[row.name] = self.value() if self.chance.random() < spoilt else self.right(row, spoilt)
        return item

    def right(self, row: t.Any, spoilt: float) -> t.Any:
        """A value that is right for a row, though what is in it may be spoilt."""
        if isinstance(row, (Struct, Group, Chain)):
            inner = [self.options(row.fields, spoilt, 3) for _time in range(self.chance.randint(0, 2))]
            return (inner or [{}])[0] if isinstance(row, Struct) else inner
        if isinstance(row, Map):
            names = row.names_of or ("one", "two")
            return {self.chance.choice(names): self.maker.value(row.type)}
        if isinstance(row, Values):
            return [self.maker.value(row.type) for _time in range(self.chance.randint(0, 2))]
        if isinstance(row, Documents):
            return ["<a:b xmlns:a='urn:a'><a:c/></a:b>"]
        if isinstance(row, Fragment):
            return self.chance.choice(("<devices/>", f"<{row.root}/>", "<a><b/></a>", "<a", "text", "<!DOCTYPE a>"))
        return self.maker.value(row.type, row.default)

    # Secrets

    def plant(self, table: Table, item: Item) -> str:
        """Put the secret somewhere into an item. Returns in words how."""
        ways = [self.in_url, self.misspelt, self.at_wrong_level, self.as_key]
        if secret_paths(table):
            ways += [self.in_secret, self.in_secret, self.in_container, self.in_container]
        if guarded_paths(table):
            ways.append(self.in_guarded)
        if any(isinstance(row, Fragment) for row in table.rows):
            ways += [self.in_xml, self.in_words]
        if table.kind in ("domain", "pool"):
            ways.append(self.in_server)
        way = self.chance.choice(ways)
        way(table, item)
        return way.__name__

    def wrapped(self) -> t.Any:
        """The secret, or something that holds it."""
        return self.chance.choice(
            (
                *(self.secret, self.secret, [self.secret], {self.secret: 1}, {"a": self.secret}, (self.secret,)),
                *(f"{self.secret}\0", f"\x1b[1m{self.secret}", self.secret * 40, [[{"passwd": self.secret}]]),
                *({"type": "vnc", "passwd": self.secret}, self.secret.encode(), {self.secret}),
            )
        )

    def put(self, item: Item, path: Path, value: t.Any, chosen: bool = True) -> None:
        """Write a value to where a path of rows leads."""
        *above, last = path
        here = item
        for row, tag in above:
            inner: Item = {}
            here[row.name] = inner if isinstance(row, Struct) else [inner]
            here = inner
            if tag is not None:
                here.update(tag)
        row, _tag = last
        here[row.name] = value

    def in_secret(self, table: Table, item: Item) -> None:
        path, value = self.chance.choice(secret_paths(table)), self.wrapped()
        if isinstance(path[-1][0], Map) and value == {self.secret: 1}:
            value = {"a": self.secret}  # The names in it are no secrets.
        self.put(item, path, value)

    def in_container(self, table: Table, item: Item) -> None:
        path = self.chance.choice(secret_paths(table))
        # A secret that is an option of the item itself has none.
        self.put(item, path[: self.chance.randint(1, max(len(path) - 1, 1))], self.wrapped())

    def in_guarded(self, table: Table, item: Item) -> None:
        self.put(item, self.chance.choice(guarded_paths(table)), self.wrapped())

    def misspelt(self, table: Table, item: Item) -> None:
        paths = secret_paths(table) + guarded_paths(table)
        if not paths:
            return self.at_wrong_level(table, item)
        path = self.chance.choice(paths)
        row = type("Row", (), {"name": self.chance.choice(NEAR)})
        return self.put(item, (*path[:-1], (row, None)), self.wrapped())

    def as_key(self, table: Table, item: Item) -> None:
        """A colon without its space: YAML makes one word of the option and its value."""
        name = self.chance.choice((f"passwd:{self.secret}", f"passwd={self.secret}", f"password: {self.secret}"))
        paths = secret_paths(table)
        if paths and self.chance.random() < 0.7:
            row = type("Row", (), {"name": name})
            self.put(item, (*self.chance.choice(paths)[:-1], (row, None)), None)
        else:
            item[name] = None

    def at_wrong_level(self, table: Table, item: Item) -> None:
        where = item
        inner = [value for value in item.values() if isinstance(value, dict)]
        if inner and self.chance.random() < 0.5:
            where = self.chance.choice(inner)
        where[self.chance.choice((*NEAR, "passwd", "cookies"))] = self.wrapped()

    def url(self) -> str:
        """A URL that holds the secret."""
        return self.chance.choice(
            (
                f"https://user:{self.secret}@host/x.qcow2",
                f"https://{self.secret}@host/x.qcow2",
                f"https://user:p/{self.secret}@host/x.qcow2",
                f"https://user:a#{self.secret}@host/x",
                f"https://user:a?{self.secret}@host/x",
                f"https://host/x.qcow2?X-Amz-Signature={self.secret}&a=b",
                f"https://host/x.qcow2#{self.secret}",
                f"ftp://u:{self.secret}@host/{'long/' * 100}",
                f"qemu+ssh://root:{self.secret}@host/system",
                f"HTTPS://USER:{self.secret}@HOST/\x1b[1m",
                f"https://user:a {self.secret}@host/x",
                f"https://user:{self.secret} a@host/x",
                f"https:u:{self.secret}@h/x",
                f"http:/u:{self.secret}@h/x",
                f"u:{self.secret}@host/x.img",
                f"//u:{self.secret}@host/x",
                f"https://h/x;sig={self.secret}",
                f"https://h/x&sig={self.secret}",
                f"https://h/x%3Fsig={self.secret}",
                f"/x?sig={self.secret}",
            )
        )

    def in_url(self, table: Table, item: Item) -> None:
        name = self.chance.choice([name for row in table.rows for name in row.names if name != "name"])
        if any("image" in row.names for row in table.rows) and self.chance.random() < 0.5:
            name = "image"
        item[name] = self.url()
        if table.kind == "domain" and self.chance.random() < 0.5:
            del item[name]
            option = self.chance.choice(("image", "file", "size", "pool", "serial", "clone_from", "bus"))
            item["disks"] = [{"size": "1GiB", option: self.url()}]

    def in_server(self, table: Table, item: Item) -> None:
        """In what a disk on a server, or a pool, says of the server."""
        secret = self.secret
        places: tuple[Item, ...] = (
            {"name": f"x?sig={secret}"},
            {"name": f"a b?{secret}"},
            {"name": f"x;sig={secret}"},
            {"name": "x", "hosts": [{"name": f"u:{secret}@h"}]},
            {"name": "x", "hosts": [{"name": f"u:a {secret}@h", "port": 443}]},
        )
        source = self.chance.choice(places)
        if table.kind == "pool":
            item.update(type="gluster", source=source)
            return
        if self.chance.random() < 0.5:
            source = {"name": "x", "query": f"sig={secret}", "hosts": [{"name": "h"}]}
        item["disks"] = [{"protocol": "https", "target": "vda", "source": source}]

    def in_xml(self, table: Table, item: Item) -> None:
        secret = self.secret
        qemu = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
        json = f"{{&quot;qom-type&quot;:&quot;secret&quot;,&quot;data&quot;:&quot;{secret}&quot;}}"
        item["xml"] = self.chance.choice(
            (
                f"<devices><graphics type='vnc' passwd='{secret}'/></devices>",
                f'<devices><graphics type="vnc" passwd = "{secret}"/></devices>',
                f"<devices><graphics type='vnc' passwd='{secret}'></devices>",
                f"<devices><grafics type='vnc' passwd='{secret}'/></devices>",
                f"<devices>{'<a>' * 500}<graphics passwd='{secret}'/>{'</a>' * 500}</devices>",
                f"<devices><disk><source><cookie name='a'>{secret}</cookie></source></disk></devices>",
                f"<password>{secret}</password>",
                f"<description>https://user:{secret}@host/</description>",
                f"passwd={secret}",
                f"<!DOCTYPE a [<!ENTITY passwd '{secret}'>]>",
                f"<qemu:commandline {qemu}><qemu:arg value='-object'/><qemu:arg value='{json}'/></qemu:commandline>",
                f"<qemu:commandline {qemu}><qemu:env name='A' value='{secret}'/></qemu:commandline>",
                f"<qemu:commandline {qemu}><qemu:env value='{secret}' name='A'/></qemu:commandline>",
                f"<sysinfo type='fwcfg'><entry name='opt/com.example/x'>{secret}</entry></sysinfo>",
                f"<devices><disk><source><cookie name='a'><![CDATA[{secret}]]></cookie></source></disk></devices>",
                f"<password value='{secret}'/>",
                f"<description>{secret}</description>",
                f"<memory unit='KiB'>{secret}</memory>",
                f"<a b='{secret}'>&{secret};</a>",
                f"<os><boot dev='{secret}'/></os>",
            )
        )

    def in_words(self, table: Table, item: Item) -> None:
        """Where only the words around it say that it is a secret."""
        secret = self.secret
        words = [
            {"qemu": {"args": ["-object", f"secret,id=s,data={secret}"]}},
            {"qemu": {"args": ["-vnc", f":1,password={secret}"]}},
            {"qemu": {"env": {"VNC_PASSWORD": secret}}},
            {"qemu": {"args": ["-spice", f"port=1,password={secret}\0"]}},
            {"cmdline": f"root=/dev/vda root_password={secret}"},
            {"cmdline": f"inst.ks=https://user:{secret}@host/ks"},
            {"metadata": [f"<a:b xmlns:a='urn:a' password='{secret}'/>"]},
            {"description": f"the token: {secret}"},
            {"description": f"Authorization: Bearer {secret}"},
            {"cmdline": f"private_key={secret} quiet"},
            {"qemu": {"args": ["--key", secret]}},
            {"qemu": {"args": ["-object", f'{{"qom-type":"secret","id":"s","data":"{secret}"}}']}},
            {"launch_security": {"type": "sev", "policy": "0x1", "session": secret}},
            {"graphics": [{"type": "vnc", "passwd": "x", "passwd_valid_to": secret}]},
        ]
        known = {name for row in table.rows for name in row.names}
        item.update(self.chance.choice([word for word in words if known.issuperset(word)] or [{}]))


class Written:
    """Ansible's ``hostvars``, of variables as they are written: the check evaluates them itself."""

    def __init__(self, values: dict[str, Item]) -> None:
        self.values = values

    def raw_get(self, host: str) -> Item:
        return self.values[host]

    def __getitem__(self, host: str) -> Item:
        return self.values[host]
