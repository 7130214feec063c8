# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the control node fetches and sends: the modules on the test driver, with the control node's own part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.testing import patch_module_args
from openpgp import made_keys

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import ASKED
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import download
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image import products
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable
from ansible_collections.virtfleet.kvm.plugins.modules import domains, images_info, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images import by_control, cache
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import LATEST, NEWER, OLD, Mirror
from ansible_collections.virtfleet.kvm.tests.unit.sent_images import SentTo

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
NOBLE = {"name": "noble", "ubuntu": "24.04", "arch": "amd64", "format": "raw", "pool": "p"}
NAME = f"noble-{hashlib.sha256(NEWER).hexdigest()[:12]}.raw"
VOLUME = [{"name": "a", "pool": "p", "image": "noble", "format": "raw"}]
GUEST = [{"name": "a", "memory": "64MiB", "disks": [{"image": "noble", "pool": "p", "format": "raw"}]}]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control node has folders of its own, and the host no keyring."""
    monkeypatch.setattr(products, "UBUNTU_KEYRING", "/nowhere")
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


class Control:
    """A task of a module whose host asks no server.

    :ivar calls: how often the module was called
    :ivar action: its action plugin
    """

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch
        self.calls = 0
        self.action = SentTo(folder / "remote")

    def __call__(self, module: Any, check: bool = False, fails: bool = False, **args: Any) -> dict[str, Any]:
        """The result. What the module itself asks of a server fails the test."""
        action = self.action
        action._task.args = {"images_via": "control", "uri": URI, **args}
        action._task.check_mode = check

        def call() -> dict[str, Any]:
            self.calls += 1
            with self.monkeypatch.context() as patched:
                patched.setattr(download, "answer", self.forbidden)
                return self.run_module(module, check, action._task.args)

        result = call()
        if ASKED in result:
            assert not result["changed"]
            again: Any = call
            result = by_control.answered(action, "kvm01", result, again, {})  # type: ignore[arg-type]
        assert result.get("failed", False) == fails, result
        return result

    def run_module(self, module: Any, check: bool, args: dict[str, Any]) -> dict[str, Any]:
        """What a module returns, be it good or not."""
        self.capsys.readouterr()
        with patch_module_args({**args, "_ansible_check_mode": check}), pytest.raises(SystemExit) as caught:
            module.main()
        del caught  # with the module's frames, and with them its connection
        return dict(json.loads(self.capsys.readouterr().out))

    @staticmethod
    def forbidden(*_words: Any) -> Any:
        raise AssertionError("the host asks a server")


@pytest.fixture
def control(
    run_main: Run,
    seed_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Control:
    return Control(capsys, tmp_path, monkeypatch)


def noble(mirror: Mirror, **more: Any) -> dict[str, Any]:
    return {**NOBLE, "mirror": f"{mirror.url}/ubuntu", **more}


def asked_for(mirror: Mirror) -> list[str]:
    """The files that the mirror was asked for, without its index."""
    return [path.rpartition("/")[2] for path in mirror.asked if not path.endswith(("json", "gpg"))]


@pytest.mark.parametrize(("module", "config"), [(volumes, VOLUME), (domains, GUEST)], ids=["volumes", "domains"])
def test_the_host_gets_it_from_the_control_node(
    control: Control, run_main: Run, seed_folder: Path, mirror: Mirror, tmp_path: Path, module: Any, config: Any
) -> None:
    """Check mode says what the run does, and fetches nothing. The next host, and the next run, fetch nothing."""
    options = {"config": config, "images": [noble(mirror)]}
    said = control(module, check=True, **options)
    assert (control.calls, control.action.sent, asked_for(mirror)) == (2, [], [])
    done = control(module, **options)
    assert control.calls == 5  # Asked for the version, for the file, and done.
    assert said["changes"] == done["changes"]
    assert (seed_folder / NAME).read_bytes() == NEWER
    assert asked_for(mirror) == ["ubuntu-24.04-server-cloudimg-amd64.img"]
    assert control.action.left == []
    (kept,) = (tmp_path / "home/virtfleet.kvm/images").iterdir()
    assert kept.read_bytes() == NEWER
    assert kept.stat().st_mode & 0o777 == 0o600
    mirror.asked.clear()
    control.calls = 0
    assert not control(module, **options)["changed"]
    assert (control.calls, mirror.asked) == (1, [])
    (seed_folder / NAME).unlink()
    other = [{**config[0], "name": "b"}]
    run_main(volumes.main, config=[{"name": NAME, "pool": "p", "state": "absent"}], uri=URI)
    control(module, config=other, images=[noble(mirror)])
    assert (mirror.asked, len(control.action.sent)) == ([], 2)  # The index was read in this run already.


def test_an_image_of_a_url_and_how_it_is_told(control: Control, mirror: Mirror, seed_folder: Path) -> None:
    """An image can say otherwise than the task; a checksum from a list is looked up by the control node."""
    place = f"{mirror.url}/debian/trixie/20250210-2019/debian-13-generic-amd64-20250210-2019.qcow2"
    content = mirror.files[place.partition("/debian/")[2].join(("debian/", ""))]
    listed = {"name": "noble", "url": place, "checksum": f"{mirror.url}/debian/trixie/20250210-2019/SHA512SUMS"}
    image = {**listed, "pool": "p", "format": "raw", "via": "control"}
    done = control(volumes, config=VOLUME, images=[image], images_via="host")
    digest = hashlib.sha512(content).hexdigest()
    (made,) = (one["after"] for one in done["changes"] if one["path"] == "definition")
    assert made["image"] == f"noble from {place}, with no signature verified"
    assert (seed_folder / f"noble-{digest[:12]}.raw").read_bytes() == content


def test_one_without_a_checksum_counts_for_the_run(
    control: Control, mirror: Mirror, seed_folder: Path, tmp_path: Path
) -> None:
    mirror.files["x.img"] = OLD
    image = {"name": "noble", "url": f"{mirror.url}/x.img", "pool": "p", "format": "raw"}
    control(volumes, config=VOLUME, images=[image])
    assert asked_for(mirror) == ["x.img"]
    assert list((tmp_path / "home/virtfleet.kvm/images").iterdir()) == []
    (found,) = seed_folder.glob("noble-*")
    assert found.read_bytes() == OLD


@pytest.mark.parametrize("names", [("noble", "dead"), ("dead", "noble")])
def test_the_same_content_under_two_names_comes_from_the_one_that_has_it(
    control: Control, mirror: Mirror, seed_folder: Path, names: tuple[str, str]
) -> None:
    mirror.files["x.img"] = OLD
    known = {"checksum": f"sha256:{hashlib.sha256(OLD).hexdigest()}", "pool": "p", "format": "raw"}
    images = [
        {"name": name, "url": f"{mirror.url}/{'x' if name == 'noble' else 'gone'}.img", **known} for name in names
    ]
    control(volumes, config=[{**VOLUME[0], "name": name, "image": name} for name in names], images=images)
    assert [path.read_bytes() for path in seed_folder.glob("noble-*")] == [OLD]
    assert [path.read_bytes() for path in seed_folder.glob("dead-*")] == [OLD]
    assert len(control.action.sent) == 1


WRONG = {
    "checksum": "on the control node: the checksum of the image {url}/x.img is sha256:",
    "gone": "on the control node: the image {url}/gone.img cannot be fetched: the server answers 404 Not Found",
    "list": "on the control node: the list of checksums {url}/none cannot be fetched: the server answers 404",
    "room": "on the control node: there is no space left in ",
    "sending": "the image x.img could not be sent to this host: scp failed; nothing of it counts",
    "host": "there is no room for the image x.img in ",
}


@pytest.mark.parametrize("case", WRONG)
def test_what_fails_leaves_nothing(
    control: Control, mirror: Mirror, seed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    mirror.files["x.img"] = OLD
    image = {"name": "noble", "url": f"{mirror.url}/x.img", "pool": "p", "format": "raw"}
    image["checksum"] = f"sha256:{hashlib.sha256(OLD).hexdigest()}"
    if case == "checksum":
        image["checksum"] = f"sha256:{'0' * 64}"
    elif case == "gone":
        image["url"] = f"{mirror.url}/gone.img"
    elif case == "list":
        image["checksum"] = f"{mirror.url}/none"
    elif case == "room":
        monkeypatch.setattr(cache, "Room", lambda _descriptor: NoRoom())
    elif case == "sending":
        control.action.broken = AnsibleError("scp failed")
    elif case == "host":
        control.action.free = 0
    good = {"name": "good", "pool": "p", "capacity": "1MiB"}
    done = control(volumes, config=[*VOLUME, good], images=[image], fails=True)
    assert [one["volume"] for one in done["failures"]] == ["p/a"]
    assert WRONG[case].format(url=mirror.url) in done["msg"]
    # The others are made.
    assert [one["resource"] for one in done["changes"]] == ["volume p/good"]
    assert list(seed_folder.glob("*noble*")) == control.action.left == []
    kept = tmp_path / "home/virtfleet.kvm/images"
    names = [path.name for path in kept.iterdir()] if kept.exists() else []
    assert len(names) == (case in ("sending", "host"))


class NoRoom:
    """A full file system."""

    free = 0

    def refuse(self) -> Any:
        raise OSError(28, "No space left on device")


def test_a_damaged_copy_on_the_host_is_refused(
    control: Control, mirror: Mirror, seed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.files["x.img"] = OLD
    image = {"name": "noble", "url": f"{mirror.url}/x.img", "pool": "p", "format": "raw"}
    image["checksum"] = f"sha256:{hashlib.sha256(OLD).hexdigest()}"
    monkeypatch.setattr(control.action, "_transfer_file", lambda _local, remote: Path(remote).write_bytes(NEWER))
    done = control(volumes, config=VOLUME, images=[image], fails=True)
    assert f"the checksum of the image {mirror.url}/x.img is sha256:" in done["msg"]
    assert list(seed_folder.glob("*noble*")) == control.action.left == []


def test_signatures_are_verified_on_the_control_node(
    control: Control, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = noble(mirror, keyring=str(tmp_path / "keys.gpg"))
    done = control(volumes, config=VOLUME, images=[image], check=True, fails=True)
    lacks = f"has no keyring {printable(str(tmp_path / 'keys.gpg'))}"
    assert f"image: on the control node: keyring: the control node {lacks}" in done["msg"]
    with made_keys() as keys:
        ours = keys.make("ours")
        (tmp_path / "keys.gpg").write_bytes(keys.keyring("ours"))
        for stem in ("index", "com.ubuntu.cloud:released:download"):
            path = f"ubuntu/releases/streams/v1/{stem}.json"
            mirror.files[f"{path}.gpg"] = keys.beside(mirror.files[path], "ours")
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))  # Another run.
    done = control(volumes, config=VOLUME, images=[image], check=True)
    assert done["changes"][0]["after"]["image"].endswith(f"cloudimg-amd64.img, signed with {ours[-16:]}")


def test_what_images_are_now(control: Control, mirror: Mirror, run_main: Run) -> None:
    trixie = {"name": "trixie", "debian": 13, "arch": "amd64", "mirror": f"{mirror.url}/debian"}
    told = control(images_info, images=[noble(mirror), trixie])["images"]
    assert [one["serial"] for one in told] == ["20250805", LATEST]
    assert told[1]["url"].endswith(f"debian-13-genericcloud-amd64-{LATEST}.qcow2")
    assert told[0]["unverified"].startswith("the control node has no keyring '/nowhere'")
    alone = run_main(images_info.main, images=[noble(mirror), trixie], uri=URI)["images"]
    same = ("serial", "url", "checksum", "signer", "declared", "problem")
    assert [[one[name] for name in same] for one in told] == [[one[name] for name in same] for one in alone]


def test_a_locked_version_asks_no_server_in_check_mode(control: Control, mirror: Mirror, run_main: Run) -> None:
    (told,) = run_main(images_info.main, images=[noble(mirror)], uri=URI)["images"]
    entry = {name: told[name] for name in ("declared", "arch", "serial", "url", "checksum")}
    mirror.asked.clear()
    options = {"config": VOLUME, "images": [noble(mirror)], "images_lock": {"noble": [entry]}}
    said = control(volumes, check=True, **options)
    assert (control.calls, mirror.asked) == (1, [])
    done = control(volumes, **options)
    assert said["changes"] == done["changes"]
    assert asked_for(mirror) == ["ubuntu-24.04-server-cloudimg-amd64.img"]
