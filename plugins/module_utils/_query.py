# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select with JMESPath (https://jmespath.org). Runs on the control node: managed hosts have no such library."""

from __future__ import annotations

from ._errors import VirtfleetError
from ._printing import printable, readable, shortened

try:
    import jmespath
    from jmespath import exceptions
except ImportError:
    jmespath = exceptions = None


def select(data: object, expression: str) -> object:
    """What an expression selects.

    Raises VirtfleetError for an expression that is none, and where the library is missing.
    """
    if jmespath is None:
        raise VirtfleetError(
            "the Python library jmespath is missing on the control node: install it with 'pip install jmespath',"
            " or your distribution's python3-jmespath"
        )
    if not isinstance(expression, str) or not expression:
        raise VirtfleetError(f"query: {printable(expression)} is not an expression; write one such as [].name")
    try:
        return jmespath.search(expression, data)
    except exceptions.JMESPathError as error:
        message = shortened(readable(" ".join(str(error).split())), 500)
        raise VirtfleetError(f"query {printable(expression)}: {message}") from None
    except (RecursionError, ValueError):
        problem = "it goes too deep, or a number in it has too many digits; write a shorter one"
    except Exception:  # The library calls the data's own methods.
        problem = "it cannot be carried out on such data"
    raise VirtfleetError(f"query {printable(expression)}: {problem}")
