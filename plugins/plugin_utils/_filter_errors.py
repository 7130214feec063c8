# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of filters, as Ansible tells them."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleError, AnsibleFilterError
from jinja2.exceptions import UndefinedError

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._own_secrets import hushed, secrets_in
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable, unforeseen


def with_filter_errors(name: str, call: t.Callable[..., object]) -> t.Callable[..., object]:
    """The same filter, whose errors are AnsibleFilterError: without a traceback, and without secrets.

    :param name: the name of the filter
    """

    @functools.wraps(call)
    def filtered(*args: object, **kwargs: object) -> object:
        try:
            return call(*args, **kwargs)
        except AnsibleError:
            raise
        except VirtfleetError as error:
            problem = str(error)
        except RecursionError:
            problem = f"{name}: what it is given is nested too deep"
        except UndefinedError as error:
            problem = f"{name}: a variable that it is given is not defined: {error}"
        except UnicodeError:
            problem = f"{name}: what it is given holds a text that cannot be read"
        except Exception as error:  # Nobody reads a traceback.
            long = isinstance(error, ValueError) and "digits) for integer string conversion" in str(error)
            problem = f"{name}: {'it holds a number of thousands of digits' if long else unforeseen(error)}"
        raise AnsibleFilterError(readable(hushed(problem, secrets_of_arguments([*args, kwargs]))))

    return filtered


def secrets_of_arguments(arguments: list[object]) -> set[str]:
    """The secrets in a filter's arguments, as far as they can be found."""
    try:
        return secrets_in(arguments)
    except Exception:  # It is a second net; what is told is made without secrets.
        return set()
