# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that field tables are made of. One row is all there is to say about a field.

Parsing, reading, patching, comparing, showing and documenting a field all come from its row. Every
row is a Row, and answers the same calls, on a dictionary of options (``item``) and an XML element. These are the main
ones:

``parse``     the user's options in normal form; what is wrong goes to a list
``complete``  what a new resource gets where the user says nothing
``read``      the options that an existing definition amounts to
``edit``      patch a definition towards the options; every difference goes to a list
``show``      the options for people, secrets hidden
``document``  the option as DOCUMENTATION describes it

and says by ``names`` and ``roots`` when it needs to be called at all (see body). An option that is
left out is not ours; one that is None goes back to libvirt's default.
"""

from __future__ import annotations

from ..._printing import SECRET
from .chain import Chain
from .fields import UNSET, Field, Property
from .group import Group
from .row import Row, Rows
from .struct import Struct
from .values import Values
from .variant import Variant
from .xml_rows import Documents, Fragment, Map

__all__ = [
    "SECRET",
    "UNSET",
    "Chain",
    "Documents",
    "Field",
    "Fragment",
    "Group",
    "Map",
    "Property",
    "Row",
    "Rows",
    "Struct",
    "Values",
    "Variant",
]
