# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull mode from end to end: a bare git repository on one host, by SSH, and a host that pulls from it."""

from __future__ import annotations

import json
import shlex
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from fleet import Fleet, guest, printed

pytestmark = pytest.mark.long

ROLE = Path(__file__).parents[2] / "roles/pull"
HOST, SERVER = "kvm01", "kvm02"
REPOSITORY = "/srv/ops/fleet.git"
LAB = {"name": "lab", "forward": {"mode": "nat"}, "bridge": "virbr7", "ips": [{"address": "192.168.77.1/24"}]}
NETWORKS: list[dict[str, t.Any]] = [{"name": "default", "autostart": True}, LAB]
PLACES = "/opt/virtfleet-pull /etc/virtfleet-pull /var/lib/virtfleet-pull /etc/systemd/system/virtfleet-pull.*"
PREPARE = f"""
set -e
apt-get install -qq -y git >/dev/null
git init -q --bare -b main {REPOSITORY}
git init -q -b main /root/fleet
cd /root/fleet
git remote add origin {REPOSITORY}
for name in author deploy stranger; do ssh-keygen -q -t ed25519 -N '' -C $name -f /root/$name; done
cat /root/deploy.pub >>/root/.ssh/authorized_keys
git config user.name author
git config user.email author@example.com
git config gpg.format ssh
"""


class Repository:
    """The repository on its server, in which somebody works who may sign."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        fleet.sh(SERVER, PREPARE)
        self.address = fleet.sh(SERVER, "hostname -I").split()[0]

    def read(self, path: str) -> str:
        """What is in a file of the server."""
        return self.fleet.sh(SERVER, f"cat {path}").strip()

    def commit(self, variables: dict[str, t.Any], key: str | None = "author", more: str = "") -> str:
        """Commit and push an inventory with these variables for all hosts. Returns the commit's id.

        :param key: the name of the key that signs
        """
        # As an operator reaches it: none of that is true for the host itself.
        reached = {"ansible_host": "192.0.2.1", "ansible_user": "nobody", "ansible_connection": "ssh"}
        reached["ansible_become"] = "true"  # And the hosts have no sudo.
        hosts = {"kvm_hosts": {"hosts": {HOST: reached, SERVER: {}}}}
        files = {"inventory/hosts.yml": hosts, "inventory/group_vars/all.yml": variables}
        write = [f"cat >{name} <<'END'\n{yaml.safe_dump(content)}END" for name, content in files.items()]
        sign = "-S" if key else "--no-gpg-sign"
        config = f"-c user.signingkey=/root/{key}" if key else ""
        config = "-c gpg.format=openpgp -c user.signingkey=anna@example.com" if key == "openpgp" else config
        script = ["set -e", "cd /root/fleet", "mkdir -p inventory/group_vars", *write, more, "git add --all"]
        script += [f"git {config} commit -q --allow-empty {sign} -m change", "git push -q --force origin HEAD:main"]
        return self.fleet.sh(SERVER, "\n".join([*script, "git rev-parse HEAD"])).strip()

    def settings(self) -> dict[str, t.Any]:
        """What the role needs to know of it."""
        key = " ".join(self.read("/etc/ssh/ssh_host_ed25519_key.pub").split()[:2])
        return {
            "pull_repository": f"root@{self.address}:{REPOSITORY}",
            "pull_known_hosts": [f"{self.address} {key}"],
            "pull_deploy_key": self.read("/root/deploy"),
            "pull_allowed_signers": [f"author@example.com {self.read('/root/author.pub')}"],
            "pull_random_delay": "0",
            "pull_tags": ["networks", "guests"],
        }


def wheels(fleet: Fleet) -> str:
    """The folder with ansible-core and what it needs, for the Python of the host, which reaches no index."""
    version = fleet.sh(HOST, "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").strip()
    folder = fleet.folder / "wheels"
    where = ["--dest", str(folder), "--python-version", version, "--only-binary", ":all:"]
    wish = "ansible-core>=2.18,<2.23"
    printed([sys.executable, "-m", "pip", "download", "--quiet", *where, wish], wish)
    return str(folder)


class Pulling(t.NamedTuple):
    """A host that pulls from a repository."""

    fleet: Fleet
    repository: Repository
    settings: dict[str, t.Any]

    def ask(self, script: str) -> str:
        return self.fleet.sh(HOST, script)

    def good(self, networks: t.Sequence[dict[str, t.Any]] = ()) -> str:
        """Commit what is in order, and run it. Returns what it told the journal."""
        self.repository.commit(
            {"kvm_networks": [*(networks or NETWORKS)], "kvm_guests": [guest("one", HOST), guest("two", HOST)]}
        )
        return self.runs()

    def runs(self, clean: bool = True) -> str:
        """Start the service by hand, and return what it told the journal. Fails the test if it ends otherwise."""
        mark = self.ask("date +%s.%6N").strip()
        code = self.ask("systemctl start virtfleet-pull.service >/dev/null 2>&1; echo $?").strip()
        self.ask("journalctl --sync")
        told = self.ask(f"journalctl -o cat -t virtfleet-pull --since=@{mark}")
        assert (code == "0") is clean, told + self.ask("cat /var/lib/virtfleet-pull/last.log || true")
        return told


@pytest.fixture(scope="module")
def pulling(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Pulling]:
    with Fleet.two("pull", tmp_path_factory.mktemp("pull")) as fleet:
        repository = Repository(fleet)
        settings = {**repository.settings(), "pull_wheels": wheels(fleet)}
        fleet.declare(settings)
        yield Pulling(fleet, repository, settings)


def test_check_mode_on_a_host_without_it_changes_nothing(pulling: Pulling) -> None:
    checked = pulling.fleet.play("virtfleet.kvm.pull", "--check", "--diff", "--limit", HOST)
    assert checked.code == 0, checked.output
    assert checked.changed
    assert "PRIVATE KEY" not in checked.output
    assert pulling.ask(f"ls -d {PLACES} 2>/dev/null || true") == ""


def test_the_timer_makes_the_host_what_the_repository_says(pulling: Pulling) -> None:
    fleet = pulling.fleet
    first = pulling.repository.commit({"kvm_networks": NETWORKS, "kvm_guests": [guest("one", HOST)]})
    fleet.declare({**pulling.settings, "pull_on_calendar": "*:*:0/5", "pull_tags": []})
    made = fleet.play("virtfleet.kvm.pull", "--limit", HOST)
    assert made.code == 0, made.output
    assert "PRIVATE KEY" not in made.output
    fleet.wait(lambda: "one" in fleet.sh(HOST, "virsh list --name").split(), timeout=240)
    assert "lab" in pulling.ask("virsh net-list --name").split()
    log = "journalctl -o cat -t virtfleet-pull"
    fleet.wait(lambda: f"commit {first}: done: ok=" in pulling.ask(log), timeout=120)
    assert ": failed" not in pulling.ask(log)
    # From here on, the tests start it themselves.
    fleet.declare(pulling.settings)
    assert fleet.play("virtfleet.kvm.pull", "--limit", HOST).code == 0
    for options in (["--check"], []):
        again = fleet.play("virtfleet.kvm.pull", "--limit", HOST, *options)
        assert again.code == 0, again.output
        assert not again.changed, again.output
    pulling.ask('while [ "$(systemctl is-active virtfleet-pull.service)" = activating ]; do sleep 1; done')
    assert "changed=0" in pulling.runs()
    owner = pulling.ask("virsh dumpxml one | grep -i owner || true")
    assert "ops/fleet" in owner, owner
    modes = pulling.ask("stat -c %a /etc/virtfleet-pull /etc/virtfleet-pull/*").split()
    assert set(modes) == {"700", "600"}
    assert "PRIVATE KEY" not in pulling.ask("journalctl -o cat --no-pager")


def test_a_new_commit_changes_the_host(pulling: Pulling) -> None:
    pulling.repository.commit({"kvm_networks": NETWORKS, "kvm_guests": [guest("one", HOST), guest("two", HOST)]})
    told = pulling.runs()
    assert len(told.splitlines()) == 1, told  # What succeeds says little.
    assert sorted(pulling.ask("virsh list --name").split()) == ["one", "two"]


@pytest.mark.parametrize("key", [None, "stranger"])
def test_of_a_commit_that_nobody_signed_who_may_nothing_is_run(pulling: Pulling, key: str | None) -> None:
    good = pulling.ask("git --git-dir /var/lib/virtfleet-pull/mirror.git rev-parse accepted").strip()
    # What Ansible would execute as soon as it is in the folder.
    trap = (
        "printf '[defaults]\\nvars_plugins = plugins\\nvars_plugins_enabled = trap\\n' >ansible.cfg; mkdir -p plugins"
    )
    trap += '; echo \'open("/root/was-run", "w")\' >plugins/trap.py'
    bad = pulling.repository.commit({"kvm_guests": [guest("three", HOST)]}, key, trap)
    told = pulling.runs(clean=False)
    assert f"commit {bad} is not signed by a key of pull_allowed_signers" in told
    assert "virtfleet-pull.service" in pulling.ask("systemctl --failed --no-legend")
    assert pulling.ask("git -C /var/lib/virtfleet-pull/checkout rev-parse HEAD").strip() == good
    assert pulling.ask("ls /root/was-run /var/lib/virtfleet-pull/checkout/plugins 2>/dev/null || true") == ""
    assert sorted(pulling.ask("virsh list --name").split()) == ["one", "two"]
    pulling.fleet.sh(SERVER, f"cd /root/fleet && git reset -q --hard {good} && git push -q --force origin HEAD:main")
    pulling.runs()
    assert pulling.ask("systemctl --failed --no-legend") == ""


def test_an_older_commit_is_refused_though_it_is_signed(pulling: Pulling) -> None:
    last = pulling.fleet.sh(SERVER, "cd /root/fleet && git rev-parse HEAD").strip()
    pulling.fleet.sh(SERVER, "cd /root/fleet && git push -q --force origin HEAD~1:main")
    assert f"does not follow {last}, which was run last" in pulling.runs(clean=False)
    assert sorted(pulling.ask("virsh list --name").split()) == ["one", "two"]
    pulling.fleet.sh(SERVER, "cd /root/fleet && git push -q --force origin HEAD:main")
    pulling.runs()


def test_a_broken_commit_leaves_the_host_as_it_was(pulling: Pulling) -> None:
    before = pulling.fleet.state(HOST)
    pulling.repository.commit({"kvm_networks": [], "kvm_guests": [{"name": "one", "host": HOST, "memroy": "1GiB"}]})
    told = pulling.runs(clean=False)
    assert "did you mean 'memory'" in told
    assert pulling.fleet.state(HOST) == before
    assert "virtfleet-pull.service" in pulling.ask("systemctl --failed --no-legend")


def test_an_inventory_without_the_host_is_no_success_and_the_next_run_goes_on(pulling: Pulling) -> None:
    hosts = json.dumps({"kvm_hosts": {"hosts": {SERVER: {}}}})
    pulling.repository.commit({}, more=f"echo {shlex.quote(hosts)} >inventory/hosts.yml")
    assert "failed" in pulling.runs(clean=False)
    pulling.good()
    assert pulling.ask("systemctl --failed --no-legend") == ""


def test_a_repository_that_is_gone_changes_nothing(pulling: Pulling) -> None:
    before = pulling.fleet.state(HOST)
    pulling.fleet.sh(SERVER, f"mv {REPOSITORY} {REPOSITORY}.away")
    assert f"{REPOSITORY} could not be read: " in pulling.runs(clean=False)
    pulling.fleet.sh(SERVER, f"mv {REPOSITORY}.away {REPOSITORY}")
    pulling.fleet.lab("unplug", HOST)
    assert f"{REPOSITORY} could not be read: ssh: connect to host" in pulling.runs(clean=False)
    pulling.fleet.lab("plug", HOST)
    assert pulling.fleet.state(HOST) == before
    reached = f"ping -c 1 -W 1 {pulling.repository.address} >/dev/null && echo yes || true"
    pulling.fleet.wait(lambda: "yes" in pulling.ask(reached))
    pulling.runs()


def test_a_host_that_was_off_at_its_time_runs_once_it_is_up(pulling: Pulling) -> None:
    wanted = pulling.repository.commit({"kvm_networks": NETWORKS})
    pulling.ask("touch --date '3 hours ago' /var/lib/systemd/timers/stamp-virtfleet-pull.timer")
    pulling.fleet.lab("reboot", HOST)
    log = "journalctl --boot -o cat -t virtfleet-pull"
    pulling.fleet.wait(lambda: f"commit {wanted}: done: ok=" in pulling.ask(log), timeout=120)
    pulling.good()


def test_a_full_disk_is_told_and_the_next_run_goes_on(pulling: Pulling) -> None:
    pulling.ask("mount -t tmpfs -o size=32k tmpfs /var/lib/virtfleet-pull")
    try:
        assert "No space left on device" in pulling.runs(clean=False)
    finally:
        pulling.ask("umount /var/lib/virtfleet-pull")
    assert "changed=0" in pulling.runs()


@pytest.mark.parametrize("seconds", [0.3, 0.8, 2.0, 6.0])
def test_after_a_run_that_was_killed_the_next_one_goes_on(pulling: Pulling, seconds: float) -> None:
    pulling.good()
    kill = f"systemctl start --no-block virtfleet-pull.service; sleep {seconds}"
    pulling.ask(f"{kill}; systemctl kill --signal=KILL virtfleet-pull.service || true")
    pulling.ask("touch /var/lib/virtfleet-pull/mirror.git/refs/heads/accepted.lock")
    pulling.ask("cd /var/lib/virtfleet-pull; mkdir -p checkout/.git; touch checkout/.git/index.lock")
    assert "changed=0" in pulling.runs()


def test_a_run_from_elsewhere_is_told_of_pull_mode(pulling: Pulling) -> None:
    fleet, options = pulling.fleet, ("virtfleet.kvm.networks", "--limit", HOST)

    def told(*more: str) -> list[str]:
        made = fleet.play(*options, *more)
        assert made.code == 0, made.output
        lines = [line for event in made.events for line in event["result"].get("warnings", [])]
        return [line for line in lines if "pull mode" in line]

    pulling.good()
    fleet.declare({**pulling.settings, "kvm_networks": [*NETWORKS, {"name": "mine", "bridge": "virbr8"}]})
    for more in (["--check"], []):
        (line,) = told(*more)
        assert line.startswith(f"{HOST}: the host is in pull mode")
    assert told() == []
    pulling.ask("systemctl start --no-block virtfleet-pull.service; sleep 1")
    pulling.ask("systemctl kill --signal=STOP virtfleet-pull.service")
    fleet.declare({**pulling.settings, "kvm_networks": [*NETWORKS, {"name": "mine", "state": "absent"}]})
    (line,) = told()
    assert line.startswith(f"{HOST}: pull mode is at work on the host at the same time")
    pulling.ask("systemctl kill --signal=CONT virtfleet-pull.service")
    pulling.ask('while [ "$(systemctl is-active virtfleet-pull.service)" = activating ]; do sleep 1; done')
    fleet.declare(pulling.settings)
    assert fleet.play("virtfleet.kvm.pull", "--limit", HOST).code == 0
    # What pull mode itself changes is as it should be.
    assert "changed=1" in pulling.good([*NETWORKS, {"name": "own", "bridge": "virbr9"}])
    assert "pull mode" not in pulling.ask("cat /var/lib/virtfleet-pull/last.log")


OPENPGP = """
apt-get install -qq -y gpg gpg-agent >/dev/null
gpg --batch --quiet --passphrase '' --quick-generate-key anna@example.com ed25519 sign never 2>/dev/null
gpg --armor --export anna@example.com
"""
COLLECTION = """
set -e
git init -q -b main /srv/ops/collection
cd /srv/ops/collection
tar -xzf /root/collection.tar.gz
touch README.md
sed -i 's/^version: .*/version: 0.9.9/' galaxy.yml
git add --all
git -c user.name=a -c user.email=a@example.com commit -q -m x
"""
FETCHED = "/var/lib/virtfleet-pull/fetched"


def test_openpgp_keys_and_a_newer_collection_that_the_repository_requires(pulling: Pulling) -> None:
    fleet, repository = pulling.fleet, pulling.repository
    packed = fleet.folder / "collection.tar.gz"
    printed([sys.executable, "-I", str(ROLE / "files/pack.py"), str(packed)], "pack.py")
    copied = {"ansible.builtin.copy": {"src": str(packed), "dest": "/root/collection.tar.gz", "mode": "0600"}}
    play = fleet.folder / "copy.yml"
    play.write_text(yaml.safe_dump([{"hosts": SERVER, "gather_facts": False, "tasks": [copied]}]))
    assert fleet.play(str(play)).code == 0
    fleet.sh(SERVER, COLLECTION)
    settings = {**pulling.settings, "pull_allowed_signers": [], "pull_gpg_keys": [fleet.sh(SERVER, OPENPGP)]}
    fleet.declare({**settings, "pull_requirements": "requirements.yml"})
    made = fleet.play("virtfleet.kvm.pull", "--limit", HOST)
    assert made.code == 0, made.output
    source = {"name": f"ssh://root@{repository.address}/srv/ops/collection", "type": "git", "version": "main"}
    wanted = shlex.quote(json.dumps({"collections": [source]}))
    bad = repository.commit({"kvm_networks": NETWORKS}, more=f"echo {wanted} >requirements.yml")
    assert f"commit {bad} is not signed by a key of pull_allowed_signers or pull_gpg_keys" in pulling.runs(clean=False)
    repository.commit({"kvm_networks": NETWORKS}, "openpgp")
    assert "failed=0" in pulling.runs()
    assert "0.9.9" in pulling.ask(f"cat {FETCHED}/ansible_collections/virtfleet/kvm/MANIFEST.json")
    gone = shlex.quote(json.dumps({"collections": [{**source, "version": "gone"}]}))
    repository.commit({"kvm_networks": NETWORKS}, "openpgp", more=f"echo {gone} >requirements.yml")
    assert "the collections of requirements.yml could not be installed" in pulling.runs(clean=False)
    fleet.declare(settings)
    assert fleet.play("virtfleet.kvm.pull", "--limit", HOST).code == 0
    assert "failed=0" in pulling.runs()
    assert pulling.ask(f"ls {FETCHED} 2>/dev/null || true") == ""


def test_two_at_once(pulling: Pulling) -> None:
    script = "flock /run/virtfleet-pull.lock python3 -BEs /opt/virtfleet-pull/pull.py run 2>&1; echo $?"
    assert pulling.ask(script).splitlines()[-1] == "1"
    assert "another run of pull mode" in pulling.ask(script)


def without_pull(state: str) -> list[str]:
    """What libvirt and its units are, without the units of pull mode."""
    return [line for line in state.splitlines() if "virtfleet-pull" not in line]


def test_absent_takes_away_all_of_it_and_nothing_else(pulling: Pulling) -> None:
    before = without_pull(pulling.fleet.state(HOST))
    pulling.fleet.declare({**pulling.settings, "pull_state": "absent"})
    options = ("virtfleet.kvm.pull", "--limit", HOST)
    assert pulling.fleet.play(*options, "--check").changed
    assert pulling.ask(f"ls -d {PLACES} | wc -l").strip() == "5"
    gone = pulling.fleet.play(*options)
    assert gone.code == 0, gone.output
    assert pulling.ask(f"ls -d {PLACES} /run/virtfleet-pull.lock 2>/dev/null || true") == ""
    assert pulling.ask("systemctl list-units --all --no-legend 'virtfleet-pull*'; systemctl --failed --no-legend") == ""
    assert without_pull(pulling.fleet.state(HOST)) == before
    for options_again in (["--check"], []):
        again = pulling.fleet.play(*options, *options_again)
        assert again.code == 0, again.output
        assert not again.changed, again.output
