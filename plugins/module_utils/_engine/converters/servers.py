# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of what stands beside secrets: names on servers, cookies, the end of a password (see convert)."""

from __future__ import annotations

import datetime
import re

from ..._printing import masked_host, masked_part
from .basic import Converter


class RemoteName(Converter):
    """What something is called on a server. A query may have been written to it, which is not shown."""

    def show(self, value: object) -> object:
        return masked_part(value) if isinstance(value, str) else value


class Server(Converter):
    """The name or address of a server. A login may have been written to it, which is not shown."""

    def show(self, value: object) -> object:
        return masked_host(value) if isinstance(value, str) else value


class CookieName(Converter):
    """The name of a cookie, a token (RFC 6265, section 4.1.1)."""

    def parse(self, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
            raise ValueError("is not the name of a cookie; write its value behind a colon, as in NAME: VALUE")
        return value


class Moment(Converter):
    """A date and time in UTC as libvirt writes it, such as ``2030-01-31T12:00:00`` (virDomainGraphicsAuthDef)."""

    form = "%Y-%m-%dT%H:%M:%S"

    def parse(self, value: object) -> str:
        if isinstance(value, datetime.datetime):
            value = value.replace(tzinfo=None, microsecond=0).isoformat()  # YAML reads it, and makes it UTC.
        try:
            if not isinstance(value, str) or len(value) != 19:
                raise ValueError
            return datetime.datetime.strptime(value, self.form).strftime(self.form)
        except ValueError:
            raise ValueError("is not a date and time in UTC; write it like '2030-01-31T12:00:00'") from None
