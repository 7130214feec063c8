# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control node finds out for its hosts, as Ansible runs it: once for all of them, and what it refuses."""

from __future__ import annotations

import copy
import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import ASKED, BROUGHT
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images import by_control
from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD, Server
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import Mirror
from ansible_collections.virtfleet.kvm.tests.unit.sent_images import SentTo

GUEST = {
    "name": "web",
    "memory": "64MiB",
    "disks": [{"size": "1MiB", "image": "noble", "pool": "default-pool", "format": "raw"}],
}


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


def image(mirror: Mirror, **more: Any) -> dict[str, Any]:
    place = {"pool": "default-pool", "format": "raw", "mirror": f"{mirror.url}/ubuntu"}
    return {"name": "noble", "ubuntu": "24.04", "arch": "amd64", **place, **more}


def play(folder: Path, *tasks: dict[str, Any], check: bool = True) -> tuple[int, str]:
    """Run a play on three hosts; libvirt's test driver begins anew with each task."""
    variables = {"ansible_python_interpreter": sys.executable}
    head = {"hosts": "all", "gather_facts": False, "connection": "local", "vars": variables, "tasks": list(tasks)}
    (folder / "play.yml").write_text(yaml.safe_dump([head]), encoding="utf-8")
    words = ["-i", "a,b,c,", "play.yml", *(["--check"] if check else [])]
    done = ansible(folder, "ansible-playbook", *words)
    return done.code, done.output + done.errors


def task(module: str, **args: Any) -> dict[str, Any]:
    return {f"virtfleet.kvm.{module}": {"uri": "test:///default", "images_via": "control", **args}}


def test_all_hosts_and_tasks_of_a_run_get_one_answer(tmp_path: Path, mirror: Mirror) -> None:
    declared = task("domains", config=[GUEST], images=[image(mirror)])
    info = task("images_info", images=[image(mirror)])
    code, output = play(tmp_path, declared, declared, info, info)
    assert code == 0, output
    # One for the disks, and one whose URL has to last, which the lock file takes.
    assert [path.rpartition("/")[2] for path in mirror.asked].count("index.json") == 2
    assert not [path for path in mirror.asked if path.endswith(".img")]


def test_what_is_wrong_is_told_of_each_host(tmp_path: Path, mirror: Mirror) -> None:
    wrong = image(mirror, ubuntu="20.04")
    code, output = play(tmp_path, task("domains", config=[GUEST], images=[wrong]))
    assert code != 0
    assert [host for host in "abc" if f"fatal: [{host}]" in output] == ["a", "b", "c"]
    assert "web: disks[0].image: on the control node: the index" in output
    assert "does not have the product com.ubuntu.cloud:server:20.04:amd64" in output


@pytest.mark.parametrize("module", ["domains", "images_info"])
def test_a_task_that_cannot_ask_is_refused(tmp_path: Path, mirror: Mirror, module: str) -> None:
    config = {"config": [GUEST]} if module == "domains" else {}
    late = {**task(module, images=[image(mirror)], **config), "async": 60, "poll": 1}
    code, output = play(tmp_path, late, check=False)
    assert code != 0
    assert "do not go with async" in output
    forged = task(module, images=[image(mirror)], **config, **{BROUGHT: {"versions": {}}})
    code, output = play(tmp_path, forged)
    assert code != 0
    assert f"{BROUGHT} is no parameter of this module" in output
    assert mirror.asked == []


def test_a_module_that_asks_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"name": "x", "url": "https://example.com/x.img", "checksum": f"sha256:{'0' * 64}"}
    action = SentTo(tmp_path / "remote", images=[plain], images_via="control")
    monkeypatch.setattr(by_control.ControlAnswers, "answer_all", lambda self, asked: None)
    calls: list[Any] = []

    def again() -> dict[str, Any]:
        calls.append(action._task.args.get(BROUGHT))
        return {ASKED: [{"name": "x", "arch": "x86_64"}]}

    done = by_control.answered(action, "a", again(), again, {})  # type: ignore[arg-type]
    assert (done["failed"], done["changed"], len(calls)) == (True, False, by_control.CALLS + 1)
    assert BROUGHT not in action._task.args


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with images of this control node."""
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    return tmp_path / "home/virtfleet.kvm/images"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.start()
    yield made
    made.listener.close()


def put(action: SentTo, *rounds: Any) -> tuple[dict[str, Any], list[Any]]:
    """The result of a module that asks so in its calls, one after the other; and what it was given."""
    given: list[Any] = []
    results = [{ASKED: asked} for asked in rounds[1:]]

    def again() -> dict[str, Any]:
        given.append(copy.deepcopy(action._task.args[BROUGHT]))
        return results.pop(0) if results else {"changed": False}

    done = by_control.answered(action, "kvm01", {ASKED: rounds[0]}, again, {})  # type: ignore[arg-type]
    return dict(done), given


def good(server: Server, name: str = "x", **more: Any) -> dict[str, Any]:
    return {"name": name, "url": f"{server.url}/good", "checksum": CONTENT, **more}


CONTENT = f"sha256:{hashlib.sha256(GOOD).hexdigest()}"
FILE = {"name": "x", "arch": "x86_64", "content": CONTENT}
QUESTION = {"name": "x", "arch": "x86_64"}
DECLARED = "a question is not about an image that is declared"
ARCH = "the architecture in its question for the image x is odd"
CONTENTS = "the image x does not have the content that it asks for"
VERSIONS = "the control node is not to find out versions of the image x"
EACH = "a list with one question for each image was expected"
ODD: list[tuple[Any, str]] = [
    (5, EACH),
    (None, EACH),
    ("abc", EACH),
    (FILE, EACH),
    ([FILE] * 200, EACH),
    (["x"], DECLARED),
    ([{**FILE, "name": "nope"}], DECLARED),
    ([{**FILE, "name": ["x"]}], DECLARED),
    ([{"arch": "x86_64"}], DECLARED),
    ([{"name": "x", "content": CONTENT}], ARCH),
    ([{**FILE, "arch": ["x86_64"]}], ARCH),
    ([{**FILE, "arch": "../x"}], ARCH),
    ([FILE, {**FILE, "name": "y", "arch": "i686"}], "the architecture in its question for the image y is odd"),
    ([{**FILE, "content": ["a"]}], CONTENTS),
    ([FILE, {**FILE, "content": "b"}], CONTENTS),
    ([QUESTION], VERSIONS),
]


@pytest.mark.parametrize(("asked", "what"), ODD)
def test_what_no_module_asks_is_refused(tmp_path: Path, kept: Path, server: Server, asked: Any, what: str) -> None:
    images = [good(server), good(server, "y")]
    action = SentTo(tmp_path / "remote", images=images, images_via="control")
    done, given = put(action, asked)
    assert (done["failed"], done["changed"], given) == (True, False, [])
    assert done["msg"] == (
        f"the host kvm01 answered what no module of this collection answers ({what}), so nothing more was done for it"
    )
    assert (server.asked, action.sent, action.left) == ([], [], [])


def test_a_host_asks_for_what_it_is_to_fetch_itself(tmp_path: Path, kept: Path, server: Server) -> None:
    listed = {"name": "x", "url": f"{server.url}/good", "checksum": f"{server.url}/SUMS"}
    for image, how in ((good(server), "host"), (good(server, via="host"), "control"), ({"name": 5}, "control")):
        action = SentTo(tmp_path / "remote", images=[image], images_via=how)
        assert "answered what no module" in put(action, [FILE])[0]["msg"]
        assert action.sent == []
    action = SentTo(tmp_path / "remote", images=[listed], images_via="host")
    assert VERSIONS in put(action, [QUESTION])[0]["msg"]
    assert server.asked == []


def test_a_host_asks_for_files_in_check_mode(tmp_path: Path, kept: Path, server: Server) -> None:
    action = SentTo(tmp_path / "remote", images=[good(server)], images_via="control")
    action._task.check_mode = True
    assert "it asks for the file of the image x in check mode" in put(action, [FILE])[0]["msg"]
    assert (server.asked, action.sent) == ([], [])


def test_each_content_is_sent_once_in_a_task(tmp_path: Path, kept: Path, server: Server) -> None:
    """However often the host asks, and by whichever name."""
    action = SentTo(tmp_path / "remote", images=[good(server), good(server, "y")], images_via="control")
    done, given = put(action, [FILE, {**FILE, "name": "y"}], [FILE, FILE], [FILE])
    assert done == {"changed": False}
    assert (len(given), len(action.sent), server.asked) == (3, 1, ["good"])
    assert action.left == []
    done, given = put(action, [FILE], [{**FILE, "content": "sha256:0"}])
    assert CONTENTS in done["msg"]


@pytest.mark.parametrize("names", [("x", "dead"), ("dead", "x")])
def test_the_same_content_under_two_names_comes_from_the_one_that_has_it(
    tmp_path: Path, kept: Path, server: Server, names: tuple[str, str]
) -> None:
    images = [good(server), {**good(server, "dead"), "url": f"{server.url}/nothing"}]
    action = SentTo(tmp_path / "remote", images=images, images_via="control")
    _done, given = put(action, [{**FILE, "name": name} for name in names])
    assert list(given[0]["files"][CONTENT]) == ["path", "checksum"]
    dead = [images[1], {**images[1], "name": "x", "url": f"{server.url}/nowhere"}]
    shutil.rmtree(kept)
    action = SentTo(tmp_path / "remote", images=dead, images_via="control")
    both = [{**FILE, "name": name} for name in names]
    server.asked.clear()
    _done, given = put(action, both, both, both)
    assert sorted(server.asked) == ["nothing", "nowhere"]
    problem = given[2]["files"][CONTENT]["problem"]
    assert f"{server.url}/nothing" in problem
    assert f"{server.url}/nowhere" in problem


def test_no_place_to_note_a_version_fails_the_image_alone(tmp_path: Path, kept: Path, server: Server) -> None:
    listed = {"name": "x", "url": f"{server.url}/good", "checksum": f"{server.url}/SUMS"}
    action = SentTo(tmp_path / "remote", images=[listed], images_via="control")
    (tmp_path / "run").rmdir()
    done, given = put(action, [QUESTION])
    assert done == {"changed": False}
    assert given[0]["versions"]["x"] == {
        "problem": f"on the control node: {tmp_path}/run/virtfleet-images cannot be used: No such file or directory"
    }
