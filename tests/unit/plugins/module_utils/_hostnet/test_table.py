# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of links take."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK


@pytest.mark.parametrize(("metric", "taken"), [(0, True), (2**32 - 2, True), (2**32 - 1, False), (-1, False)])
def test_the_metric_of_a_route_is_one_that_the_kernel_keeps(metric: int, taken: bool) -> None:
    routes = [{"to": "default", "via": "192.0.2.1", "metric": metric}]
    link = {"name": "br0", "type": "bridge", "addressing": "static", "addresses": ["192.0.2.2/24"], "routes": routes}
    if taken:
        assert LINK.parse([link])[0]["routes"][0]["metric"] == metric
    else:
        with pytest.raises(VirtfleetError, match="metric"):
            LINK.parse([link])
