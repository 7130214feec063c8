# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of images, of disks on servers and of displays is a secret, and what is refused rather than shown."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import report
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import MOMENT
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import download
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.storage_values import IMAGE
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.tests.unit.support import defined, observed, plan_one

SECRET = "hunter2hunter2"
GUEST = {"name": "x", "memory": "1GiB"}


def disk(**source: Any) -> dict[str, Any]:
    """A guest with a disk on a server."""
    place = {"name": "images/x.qcow2", "hosts": [{"name": "h", "port": 443}], **source}
    return {**GUEST, "disks": [{"protocol": "https", "format": "qcow2", "target": "vda", "source": place}]}


@pytest.mark.parametrize(
    "config",
    [
        disk(query=f"sig={SECRET}"),
        disk(name=f"x?sig={SECRET}"),
        disk(name=f"x?{SECRET}"),
        disk(name=f"x%3F{SECRET}"),
        disk(name=f"x;a={SECRET}"),
        disk(name=f"a b?{SECRET}"),
        disk(hosts=[{"name": f"u:{SECRET}@h", "port": 443}]),
        disk(hosts=[{"name": f"{SECRET}@h", "port": 443}]),
        disk(cookies={"a": SECRET}),
        {**GUEST, "launch_security": {"type": "sev", "policy": "0x1", "session": SECRET, "dh_cert": SECRET}},
    ],
)
def test_a_secret_of_a_guest_is_not_shown(config: dict[str, Any]) -> None:
    new = plan_one(DOMAIN, None, config)
    assert SECRET in defined(new)
    assert SECRET not in str(report.result([new]))
    have = observed(defined(new))
    # Nothing has to be declared of what is not shown, and what is told can be declared as it is.
    told = adopt(DOMAIN, have.definition)
    assert SECRET not in str(told.config) + str(told.uncovered)
    assert "***" not in str(told.config)
    assert told.secrets != []
    assert plan_one(DOMAIN, have, config).changes == []
    assert SECRET in str(adopt(DOMAIN, have.definition, secrets=True).config)
    # Another secret is a change, and neither is shown.
    other = plan_one(DOMAIN, have, json.loads(json.dumps(config).replace(SECRET, "letmein1letmein1")))
    result = report.result([other])
    assert result["changed"]
    assert SECRET not in str(result)
    assert "letmein1" not in str(result)


@pytest.mark.parametrize(
    "source",
    [{"name": f"x?{SECRET}"}, {"name": f"a b?{SECRET}"}, {"name": "x y", "hosts": [{"name": f"u:{SECRET}@h"}]}],
)
def test_a_disk_of_two_guests_is_named_without_its_secret(source: dict[str, Any]) -> None:
    guests = [{**disk(**source), "name": name, "host": "h1"} for name in ("a", "b")]
    (line,) = problems(["h1"], {"h1": {"kvm_guests": guests}})
    assert line.startswith("disk https://")
    assert "is declared more than once: a on h1, b on h1" in line
    assert SECRET not in line


def test_what_is_no_secret_of_a_disk_is_shown() -> None:
    for name in ("pool/image@snap", "volume/a;b", "x.qcow2"):
        plan = plan_one(DOMAIN, None, disk(name=name))
        assert name in str(report.result([plan])["changes"])


def test_a_secret_of_a_pool_is_not_shown() -> None:
    source = {"hosts": [{"name": f"u:{SECRET}@h"}], "name": f"x?sig={SECRET}"}
    plan = plan_one(POOL, None, {"name": "p", "type": "gluster", "source": source})
    assert SECRET in defined(plan)
    assert SECRET not in str(report.result([plan]))


IMAGES = [
    "https://user:a $@host/x",
    "https:u:$@h/x",
    "http:/u:$@h/x",
    "u:$@host/x.img",
    "//u:$@host/x",
    "/x?sig=$",
    "/x&sig=$",
    "/x;sig=$",
    "/x%3Fsig=$",
    "/x#$",
    "pool/x?sig=$",
    "ftp://u:$@h/x",
    "HTTPS://u:$@h/x",
    "https://u:a/$@h/x",
    "https://h:$@/x",
    "https://?$",
    "https://h/x?$\n",
    "https://h/x?$\u00e9",
    "file://u:$@h/x",
    "/x\x1b@$",
    "/x\0@$",
]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_that_cannot_be_had_is_refused_and_not_quoted(image: str) -> None:
    for table, item in (
        (VOLUME, {"name": "v", "image": image.replace("$", SECRET)}),
        (DOMAIN, {**GUEST, "disks": [{"image": image.replace("$", SECRET)}]}),
    ):
        (problem, *more) = table.parse_item(item)[1]
        told = "; ".join(map(str, [problem, *more]))
        assert "image: a string " in told or "image: has the character U+" in told
        assert SECRET not in told


@pytest.mark.parametrize("image", ["banana://x", "https://h\u00e9/x", "https:///x", "file://h/x"])
def test_an_image_without_a_secret_is_quoted(image: str) -> None:
    with pytest.raises(ValueError, match=r"^'"):
        IMAGE.parse(image)


@pytest.mark.parametrize(
    "image",
    [
        "https://u:p@host:8443/a%20b/x.qcow2?a=b#c",
        "http://[2001:db8::1]/x",
        "https://h/x;sig=a",
        "file:///srv/x.qcow2",
        "/srv/my images/x@1;2.qcow2",
        "base.qcow2",
        "pool/base@1.qcow2",
    ],
)
def test_an_image_that_can_be_had(image: str) -> None:
    assert IMAGE.parse(image) == image
    if image.startswith("http"):
        assert download.request(image, image) is not None


@pytest.mark.parametrize(
    "image", ["https://u:S@h/x;sig=S", "https://h/x&sig=S", "https://h/x%3Fsig=S", "https://h/x?S"]
)
def test_the_secret_of_an_image_is_not_shown(image: str) -> None:
    plan = plan_one(VOLUME, None, {"name": "v", "capacity": "1MiB", "image": image.replace("S", SECRET)})
    shown = str(report.result([plan]))
    assert SECRET not in shown
    assert "h/x?***" in shown


@pytest.mark.parametrize(
    "word", [SECRET, "2030-01-31", "2030-02-30T00:00:00", "", 7, True, ["x"], f"2030-01-31T12:00:00{SECRET}"]
)
def test_the_end_of_a_password_is_a_date(word: Any) -> None:
    item = {**GUEST, "graphics": [{"type": "vnc", "passwd": SECRET, "passwd_valid_to": word}]}
    (problem,) = DOMAIN.parse_item(item)[1]
    assert str(problem) == (
        "graphics[0].passwd_valid_to: is not a date and time in UTC; write it like '2030-01-31T12:00:00'"
    )


@pytest.mark.parametrize("value", ["2030-01-31T12:00:00", datetime.datetime(2030, 1, 31, 12)])
def test_a_date_that_the_end_of_a_password_can_be(value: Any) -> None:
    assert MOMENT.parse(value) == "2030-01-31T12:00:00"


@pytest.mark.parametrize(
    ("kind", "password", "most"),
    [
        ("vnc", "12345678", None),
        ("vnc", "123456789", 8),
        ("vnc", "äöüß", None),
        ("vnc", "äöüßx", 8),
        ("vnc", None, None),
        ("vnc", SECRET, 8),
        ("vnc", 123456789, 8),
        ("spice", "s" * 60, None),
        ("spice", "s" * 61, 60),
    ],
)
def test_a_password_is_no_longer_than_its_protocol_takes(kind: str, password: Any, most: int | None) -> None:
    item = {**GUEST, "host": "kvm01", "graphics": [{"type": "vnc"}, {"type": kind, "passwd": password}]}
    said = problems(["kvm01"], {"kvm01": {"kvm_guests": [item]}})
    line = (
        f"guest x: graphics[1].passwd: is longer than the {most} characters that {kind.upper()} takes (each outside of"
        " ASCII counts for 2 to 4): choose a shorter one"
    )
    assert said == ([] if most is None else [line])


@pytest.mark.parametrize("name", [f"sid={SECRET}", f"sid;{SECRET}", f"sid {SECRET}", "", 7, None])
def test_the_name_of_a_cookie_is_a_token(name: Any) -> None:
    (problem,) = DOMAIN.parse_item(disk(cookies={name: "x"}))[1]
    assert "is not the name of a cookie" in str(problem)
    assert SECRET not in str(problem)
