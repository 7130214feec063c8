# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters: how a value is written by a user, by libvirt, and shown in a report.

Each normalises, so that two spellings of one value are equal: the case of a MAC address, the unit
of a size, ``yes`` and ``true``.
"""

from __future__ import annotations

from .addresses import Address, Interface, Mac, Uuid, classful
from .basic import (
    FALSE,
    NOT_XML,
    TEXT,
    TRUE,
    AnyBase,
    Boolean,
    Choice,
    Converter,
    CpuSet,
    Doubtful,
    DoubtfulValue,
    Identifier,
    Integer,
    Number,
    Power,
    Presence,
    Verbatim,
    digits,
    in_any_base,
)
from .names import AbsolutePath, Device, Name
from .servers import CookieName, Moment, RemoteName, Server
from .sizes import UNITS, Size

YES_NO = Boolean()
ON_OFF = Boolean("on", "off")
PRESENCE = Presence()
NAME = Name()
DEVICE = Device(lenient=True)
PATH = AbsolutePath(lenient=True)
MAC = Mac()
UUID = Uuid()
ADDRESS = Address()
INTERFACE = Interface(lenient=True)
MEMORY = Size("KiB", grain=1024, minimum=1024**2)
NATURAL = Integer(0)
COUNT = Integer(1)
POWER = Power(0, 2**31)
PORT = Integer(-1, 65535)
NUMBER = Number()
ANY_BASE = AnyBase()
CPUSET = CpuSet()
VERBATIM = Verbatim()
MOMENT = Moment()
REMOTE_NAME = RemoteName()
SERVER = Server()
COOKIE_NAME = CookieName()
SIZE = Size(minimum=0)
KIB = Size("KiB", grain=1024, minimum=0)

__all__ = [
    "ADDRESS",
    "ANY_BASE",
    "COOKIE_NAME",
    "COUNT",
    "CPUSET",
    "DEVICE",
    "FALSE",
    "INTERFACE",
    "KIB",
    "MAC",
    "MEMORY",
    "MOMENT",
    "NAME",
    "NATURAL",
    "NOT_XML",
    "NUMBER",
    "ON_OFF",
    "PATH",
    "PORT",
    "POWER",
    "PRESENCE",
    "REMOTE_NAME",
    "SERVER",
    "SIZE",
    "TEXT",
    "TRUE",
    "UNITS",
    "UUID",
    "VERBATIM",
    "YES_NO",
    "AbsolutePath",
    "Address",
    "AnyBase",
    "Boolean",
    "Choice",
    "Converter",
    "CookieName",
    "CpuSet",
    "Device",
    "Doubtful",
    "DoubtfulValue",
    "Identifier",
    "Integer",
    "Interface",
    "Mac",
    "Moment",
    "Name",
    "Number",
    "Power",
    "Presence",
    "RemoteName",
    "Server",
    "Size",
    "Uuid",
    "Verbatim",
    "classful",
    "digits",
    "in_any_base",
]
