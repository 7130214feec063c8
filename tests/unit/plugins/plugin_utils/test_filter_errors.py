# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of filters are told as Ansible tells them."""

from __future__ import annotations

import jinja2
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._filter_errors import with_filter_errors


def test_a_variable_that_is_not_defined_is_no_fault_of_the_collection() -> None:
    with pytest.raises(AnsibleFilterError) as error:
        with_filter_errors("filter", lambda value: [*value])(jinja2.StrictUndefined(name="nope"))
    assert str(error.value) == "filter: a variable that it is given is not defined: 'nope' is undefined"
