# shellcheck shell=bash
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The parts of runtests: for each a function part_NAME, which returns 0 when it passed and tells
# count how many tests it ran. Sourced by runtests, after env.sh.

describe() {
    case $1 in
        quick) echo 'ruff, and the unit tests of what changed' ;;
        lint) echo 'style, types and metadata' ;;
        unit) echo 'tests/unit, without whole runs' ;;
        runs) echo 'whole runs of modules and playbooks, without a host' ;;
        docs) echo 'tests/docs and tests/packaging' ;;
        sanity) echo 'ansible-test sanity' ;;
        integration) echo 'tests/integration/targets on a test host' ;;
        lab) echo 'tests/lab on real hosts' ;;
        molecule) echo 'scenarios of extensions/molecule, and a role on guests' ;;
        corpus) echo 'definitions of other people, on a real libvirt' ;;
        bench) echo 'tests/bench' ;;
        control) echo 'the site on each ansible-core' ;;
        editor) echo 'the schema of inventories, in a real language server' ;;
        fuzz) echo 'random tests with many rounds' ;;
        mutants) echo 'mistakes that the unit tests have to notice' ;;
    esac
}

# Whether there is anything to run for a part; the others always have something.
has_something() {
    case $1 in
        integration) [ -d "$ROOT/tests/integration/targets" ] ;;
        lab) compgen -G "$ROOT/tests/lab/test_*.py" >/dev/null ;;
        molecule) [ -d "$ROOT/extensions/molecule" ] ;;
        corpus) [ -e "$ROOT/tests/corpus/corpus" ] ;;
        bench) [ -e "$ROOT/tests/bench/bench.py" ] ;;
        control) [ -e "$ROOT/tests/lab/test_control.py" ] ;;
        editor) [ -e "$ROOT/requirements/editor/package-lock.json" ] ;;
        fuzz) grep -rqs 'mark\.fuzz' "$ROOT/tests/lab" "$ROOT/tests/unit" ;;
        mutants) [ -e "$ROOT/tests/mutants/mutants.py" ] ;;
    esac
}

# --- counting ---

count() { echo "$1 $2" >>"$RUN/counts"; }
# What failed last is run again.
forgive() {
    sed -i '$ s/ [0-9]*$/ 0/' "$RUN/counts"
    sed -i '\#^[A-Z]* tests/lab/#d' "$RUN/failures"
}
totals() { touch "$RUN/counts" && awk '{p += $1; f += $2} END {print p + 0, f + 0}' "$RUN/counts"; }

# check NAME COMMAND...: one check, quiet when it passes. Several may run at once.
check() {
    local name=$1 started=$SECONDS log=$RUN/check-${1//[ \/]/-}.log
    shift
    if "$@" >"$log" 2>&1; then
        printf 'ok      %-22s %3d s\n' "$name" $((SECONDS - started))
        count 1 0
        return 0
    fi
    printf 'FAILED  %-22s %3d s\n' "$name" $((SECONDS - started))
    sed "s#ansible_collections/virtfleet/kvm/##g; s#$STAGE/##g; s/^/    /" "$log"
    count 0 1
    return 1
}

run_pytest() {
    local status
    # pytest-ansible looks for molecule scenarios and says that it found no git.
    # Beside the stage, not in it: ansible-test looks at every file there.
    (cd "$STAGE" && VIRTFLEET_KEPT=$CACHE/kept HYPOTHESIS_STORAGE_DIRECTORY=$CACHE/hypothesis python -m pytest "$@" ${PYTEST_ARGS[@]+"${PYTEST_ARGS[@]}"}) 2>&1 |
        grep -v --line-buffered "^Unable to find git root" | tee "$RUN/pytest.log"
    status=${PIPESTATUS[0]}
    grep -E '^(FAILED|ERROR) ' "$RUN/pytest.log" | cut -c 1-300 >>"$RUN/failures"
    # "12 passed, 1 failed, 1 error in 3.21s"
    tail -n 3 "$RUN/pytest.log" | grep -E ' in [0-9.]+s' | tail -n 1 | awk -v RS='[,=]' '
        $2 == "passed" {p = $1} $2 == "failed" || $2 ~ /^error/ {f += $1} END {print p + 0, f + 0}' >>"$RUN/counts"
    return "$status"
}

# --- quick ---

part_quick() (
    cd "$STAGE" || exit 1
    failed=0
    check 'ruff check' ruff check --no-cache --quiet . || failed=1
    check 'ruff format' ruff format --no-cache --quiet --diff . || failed=1
    # Of the checkout: the stage is no repository.
    mapfile -t tests < <("$PY" -I "$ROOT/tests/tools/changed_tests.py" "$ROOT" | grep .)
    if [ ${#tests[@]} = 0 ]; then
        echo 'nothing with unit tests has changed against main'
    else
        ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -q --numprocesses 2 -m 'not long' "${tests[@]}" || failed=1
    fi
    exit $failed
)

# --- lint ---

part_lint() (
    cd "$STAGE" || exit 1
    export ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS
    failed=0
    lint_documents &
    documents=$!
    lint_code || failed=1
    wait "$documents" || failed=1
    exit $failed
)

# Two rows of checks, which take about as long as each other and run at once.
lint_code() {
    local failed=0 scripts
    mapfile -t scripts < <(grep -lrIE --exclude='*.py' --exclude-dir=__pycache__ '^#!.*\b(ba)?sh\b|^# shellcheck shell=' quickstart runtests .ci tests roles extensions 2>/dev/null)
    check 'ruff check' ruff check --no-cache --quiet . || failed=1
    check 'ruff format' ruff format --no-cache --quiet --diff . || failed=1
    check 'mypy plugins' mypy_plugins || failed=1
    [ ! -d tests/lab ] || check 'mypy tests/lab' mypy_lab || failed=1
    check 'mypy tests/bench' mypy_bench || failed=1
    check 'shellcheck' shellcheck --external-sources "${scripts[@]}" || failed=1
    check 'antsibull-docs' antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self . || failed=1
    return $failed
}
lint_documents() {
    local failed=0
    check 'ansible-lint' ansible-lint --offline --strict --profile production --nocolor -q || failed=1
    check 'antsibull-changelog' antsibull-changelog lint || failed=1
    check 'yamllint' yamllint --strict . || failed=1
    return $failed
}

# From the folder that holds ansible_collections, so that a file has one module name only.
mypy_plugins() {
    (cd "$COLLECTIONS" && mypy --config-file "$STAGE/pyproject.toml" --cache-dir "$CACHE/mypy" ansible_collections/virtfleet/kvm/plugins)
}
mypy_bench() {
    (cd "$STAGE/tests/bench" && MYPYPATH=../lab mypy --config-file "$STAGE/pyproject.toml" --cache-dir "$CACHE/mypy-bench" .)
}
mypy_lab() { (cd "$STAGE/tests/lab" && mypy --config-file "$STAGE/pyproject.toml" --cache-dir "$CACHE/mypy-lab" .); }

# --- unit, runs, docs ---

# Those of tests/unit that run whole modules and playbooks, programs of their own, or thousands of inputs.
WHOLE_RUNS=(tests/unit/plugins/{modules,connection,inventory} tests/unit/plugins/plugin_utils/test_{forecast,failed_diff}.py
    tests/unit/plugins/plugin_utils/_images/test_{cache,by_control}.py tests/unit/playbooks tests/unit/roles tests/unit/fuzz)

part_unit() { here 'tests of images and seeds' "${WHOLE_RUNS[@]/#/--ignore=}" tests/unit; }
part_runs() { here 'tests of images, seeds and routes' "${WHOLE_RUNS[@]}"; }
part_docs() { here 'tests of the pages' tests/docs tests/packaging; }

# here WHY PYTEST-OPTION...: tests that need no host. Neighbours, which share what is made once, stay together; who has
# nothing left to do takes over some of the other's.
# More at once than there are CPUs, since many tests wait for something.
# Without coverage, which doubles the time; ./runtests unit -- --cov=plugins measures it.
here() {
    need_packages "$1" qemu-img=qemu-utils mcopy=mtools zstd=zstd setpriv=util-linux ip=iproute2
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -q --numprocesses 3 --dist worksteal ${CHOICE[@]+"${CHOICE[@]}"} "${@:2}"
}

# --- ansible-test ---

# ansible-test makes virtual environments and wants a script from ansible.com to put pip into them;
# a script that does the same with PyPI's pip serves, and needs no other host.
ansible_test_ready() {
    local core version pips=$HOME/.ansible/test/cache wheel minor python
    core=$("$PY" -c 'import ansible_test; print(ansible_test.__path__[0])')
    version=$(sed -n "s/^ *pip='\([0-9.]*\)'.*/\1/p" "$core/_internal/python_requirements.py" | head -n 1)
    if ! [ -e "$pips/get_pip_${version//./_}.py" ]; then
        mkdir -p "$pips"
        pypi "$PY" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$pips" "pip==$version"
        wheel=$pips/pip-$version-py3-none-any.whl
        cat >"$pips/get_pip_${version//./_}.py" <<END
# Written by virtfleet.kvm's runtests: installs pip from PyPI's own wheel.
import sys

sys.path.insert(0, "$wheel")
from pip._internal.cli.main import main

options = [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
sys.exit(main(["install", *options]))
END
    fi
    # pyenv's shims answer to Pythons that are not there: links to the real ones come before them.
    mkdir -p "$CACHE/pythons"
    for minor in 10 11 12 13; do
        [ ! -e "$CACHE/pythons/python3.$minor" ] || continue
        for python in "/usr/bin/python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor."*"/bin/python3.$minor"; do
            [ -x "$python" ] && ln -sf "$python" "$CACHE/pythons/python3.$minor" && break
        done
    done
    export PATH="$CACHE/pythons:$PATH"
}

# sanity_on FOLDER LOG OPTION...: some of ansible-test's sanity tests, on a copy of the collection.
sanity_on() (
    cd "$1" || exit
    PIP_QUIET=2 ansible-test sanity --local --color no "${@:3}" 2>&1 | tee "$2"
    exit "${PIPESTATUS[0]}"
)

# The oldest and the newest Python that there is of those that ansible-test knows here.
outer_pythons() {
    local versions
    mapfile -t versions < <(printf '%s\n' "$CACHE"/pythons/python3.* | sed 's/.*python//' | sort -V)
    printf '%s\n' "${versions[0]}" "${versions[-1]}" | uniq
}

# import_on COPY: whether all files can be imported. Each Python costs as much as most of the rest: where no part is
# named, the oldest and the newest do.
import_on() {
    local python status=0
    if [ -z "${CHOICE[*]-}" ]; then
        sanity_on "$1" "$RUN/sanity-import.log" --test import
        return
    fi
    for python in $(outer_pythons); do
        sanity_on "$1" "$RUN/sanity-import-$python.log" --test import --python "$python" || status=$?
    done
    return $status
}

# ansible-test does one thing after the other. "import", on every Python, takes about as long as much of the rest: it
# runs beside them. ansible-test keeps one run's files in the collection's own folder: so it has a copy.
part_sanity() (
    ansible_test_ready
    copy=$CACHE/sanity-import/ansible_collections/virtfleet/kvm
    "$PY" -I "$ROOT/tests/tools/stage.py" "$ROOT" "$copy" || exit
    import_on "$copy" >"$RUN/sanity-import.out" 2>&1 &
    beside=$!
    status=0
    sanity_on "$STAGE" "$RUN/sanity.log" --skip-test import || status=$?
    wait "$beside" || status=$?
    cat "$RUN/sanity-import.out"
    ran=$(cat "$RUN"/sanity*.log | grep -c '^Running sanity test')
    failed=$(sed -n 's/.*The \([0-9]*\) sanity test(s) listed below.*/\1/p' "$RUN"/sanity*.log | awk '{n += $1} END {print n + 0}')
    count $((ran - failed)) "$failed"
    # A stage that ansible-test does not see as a collection gives "skipped" and status 0.
    [ "$ran" -gt 20 ] || { echo "only $ran sanity tests ran" && exit 1; }
    grep -qh '^Running sanity test "import"' "$RUN"/sanity-import*.log || { echo 'the sanity test "import" did not run' && exit 1; }
    exit "$status"
)

# --- parts with test hosts ---

# Labs of their own: integration wants hosts with KVM, tests/lab wants bare ones and some in trouble,
# molecule makes its host itself. Bringing hosts up takes seconds.
lab() { "$ROOT/tests/lab/lab" --name "$@"; }
LAB_NAMES=(test silence second site plan check adopt listener progress live locks normalforms faults purge storage
    storageguests storagesafety diskformats disksthere images declaredimages imagesbycontrol imageslock clones snapshots
    snapshotsrefused snapshotsbroken storagefuzz cloudinit seeds agentconn links linksbackends linksbroken linksdocs
    linksfault linksrace linksguests linksothers linksfuzz guestsashosts moleculekit moleculehere moleculemany
    moleculepipes pull)
LABS=(integration molecule corpus bench control "${LAB_NAMES[@]}")

# uses_labs NAME...: this machine can carry them, and hosts_down will see to them.
uses_labs() {
    need_lab
    printf '%s\n' "$@" >>"$RUN/labs"
}

# Every target on every host, the hosts side by side. They are in the lab's network only, so ansible-test runs there.
part_integration() (
    uses_labs integration
    ansible_test_ready
    lab integration down || exit
    lab integration up 2 --suite bookworm --suite "${VIRTFLEET_SUITE:-trixie}" --with-kvm || exit
    jobs=() status=0
    while read -r host suite _ address; do
        integration_on "$host" "$suite" "$address" </dev/null > >(sed -u "s/^/$host: /") 2>&1 &
        jobs+=($!)
    done < <(lab integration list | awk 'NR > 1 && $3 == "running"')
    for job in "${jobs[@]}"; do wait "$job" || status=1; done
    [ -n "$KEEP" ] || lab integration --quiet down || status=1
    exit $status
)

# known_python VERSION: what ansible-test is told for a host's Python, since it refuses one newer than all it knows. It
# does nothing with the version on a host by SSH: there the interpreter counts.
known_python() {
    "$PY" -c '
import sys
from ansible_test._internal.constants import SUPPORTED_PYTHON_VERSIONS

number = lambda version: [int(part) for part in version.split(".")]
print(min(sys.argv[1], max(SUPPORTED_PYTHON_VERSIONS, key=number), key=number))
' "$1"
}

# ansible-test keeps one run's files in the collection's own folder: a copy for each host.
integration_on() (
    host=$1 suite=$2 address=$3
    copy=$CACHE/integration-$host/ansible_collections/virtfleet/kvm
    "$PY" -I "$ROOT/tests/tools/stage.py" "$ROOT" "$copy" && cd "$copy" || exit
    # Where ansible-test looks for the key to log in with.
    mkdir -p tests/output/.tmp
    install -m 0600 /run/virtfleet-lab/integration/ssh_key tests/output/.tmp/id_rsa
    install -m 0644 /run/virtfleet-lab/integration/ssh_key.pub tests/output/.tmp/id_rsa.pub
    python=$(lab integration shell "$host" -- "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'")
    echo "$suite, Python $python"
    lab integration exec switch -- ansible-test integration --color no --allow-destructive --continue-on-error \
        --target "ssh:root@$address,python=$(known_python "$python")@/usr/bin/python3" 2>&1 | tee "$RUN/integration-$host.log"
    status=${PIPESTATUS[0]}
    failed=$(sed -n 's/.*The \([0-9]*\) integration test(s) listed below.*/\1/p' "$RUN/integration-$host.log")
    count $(($(grep -c '^Running .* integration test' "$RUN/integration-$host.log") - ${failed:-0})) "${failed:-0}"
    exit "$status"
)

# Most of the time a test waits for a host or a guest, so three files run at once, each with hosts of its own.
# That is more than two CPUs carry at times: files of which something failed run once more, alone, and that counts.
part_lab() (
    uses_labs "${LAB_NAMES[@]}"
    # Hosts that are up already stay up.
    [ -z "$KEEP" ] || lab test up 2 --suite bookworm --suite "${VIRTFLEET_SUITE:-trixie}" || exit
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -v --numprocesses 3 --dist loadfile --durations 15 ${CHOICE[@]+"${CHOICE[@]}"} tests/lab && exit
    mapfile -t again < <(sed -nE 's#^(FAILED|ERROR) (tests/lab/[a-z_]+\.py).*#\2#p' "$RUN/pytest.log" | sort -u)
    if [ ${#again[@]} = 0 ] || [ ${#again[@]} -gt 4 ]; then exit 1; fi
    printf '\n=== lab: once more, alone: %s\n' "${again[*]}"
    forgive
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -v ${CHOICE[@]+"${CHOICE[@]}"} "${again[@]}"
)

part_molecule() (
    uses_labs molecule moleculekit
    lab molecule down || exit
    cd "$STAGE" || exit
    # Where no part is named, that of the whole site, and that of one role.
    scenarios=(--all)
    [ -z "${CHOICE[*]-}" ] || scenarios=(-s default -s networks)
    # What a run that was broken off has left says that the host is there. The scenarios share one state.
    molecule reset >"$RUN/molecule.log" 2>&1 || { cat "$RUN/molecule.log" && exit 1; }
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS NO_COLOR=1 molecule test "${scenarios[@]}" ${KEEP:+--destroy=never} 2>&1 | tee "$RUN/molecule.log"
    status=${PIPESTATUS[0]}
    # Plays without a host are no failure to Ansible.
    grep -q '^kvm01 .*failed=0' "$RUN/molecule.log" || { echo 'molecule ran on no test host' && status=1; }
    # default                   : actions=5  successful=5  disabled=0  skipped=0  missing=0  failed=0
    sed -n 's/.* successful=\([0-9]*\) .* failed=\([0-9]*\)$/\1 \2/p' "$RUN/molecule.log" >>"$RUN/counts"
    if [ -z "${CHOICE[*]-}" ]; then
        printf '\n=== molecule: the role in examples, on guests\n'
        ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -v --durations 5 tests/lab/test_molecule_kit.py || status=1
    fi
    exit "$status"
)

# The random tests of lab and unit, marked as fuzz, with as many rounds as nobody waits for every day.
# Those who set a number of rounds themselves get it. With -s they show how far they are, and their seeds.
part_fuzz() (
    uses_labs "${LAB_NAMES[@]}"
    export VIRTFLEET_FUZZ_LINKS=${VIRTFLEET_FUZZ_LINKS:-200} VIRTFLEET_FUZZ_STORAGE=${VIRTFLEET_FUZZ_STORAGE:-500}
    export VIRTFLEET_FUZZ_KILLS=${VIRTFLEET_FUZZ_KILLS:-50} VIRTFLEET_FUZZ_INPUTS=${VIRTFLEET_FUZZ_INPUTS:-20000}
    export VIRTFLEET_ALL_SUITES=1 VIRTFLEET_FUZZ_ALL=1
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -v -s --durations 15 -m 'fuzz or by_turns' tests/lab tests/unit
)

# What runs in the lab alone: no ansible-core of this machine takes part, only its pip.
part_control() (
    uses_labs control
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -v --durations 5 -m control tests/lab/test_control.py
)

# The language server that most editors use, of a pinned version, from npm.
part_editor() (
    need_packages 'the language server' node=nodejs npm=npm
    modules=$CACHE/editor
    wanted=$(sha256sum <"$ROOT/requirements/editor/package-lock.json")
    if [ "$(cat "$modules/.ready" 2>/dev/null)" != "$wanted" ]; then
        say 'Installing the language server'
        rm -rf "$modules"
        mkdir -p "$modules"
        cp "$ROOT"/requirements/editor/package*.json "$modules"
        (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund) >"$CACHE/npm.log" 2>&1 || {
            tail -5 "$CACHE/npm.log" >&2
            die "npm could not install the language server; all that was said is in $CACHE/npm.log"
        }
        echo "$wanted" >"$modules/.ready"
    fi
    VIRTFLEET_NODE_MODULES=$modules/node_modules ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS run_pytest -v tests/editor
)

# What libvirt's own tests hold, through the tables. It says for each kind whether enough came out the same.
part_corpus() (
    uses_labs corpus
    "$STAGE/tests/corpus/corpus" --cache "$CACHE/corpus" ${KEEP:+--keep} 2>&1 | tee "$RUN/corpus.log"
    status=${PIPESTATUS[0]}
    count "$(grep -c '^ok ' "$RUN/corpus.log")" "$(grep -c '^FAILED ' "$RUN/corpus.log")"
    exit "$status"
)

# What the benchmark needs beside the development tools: the collection that it compares with, out of
# PyPI's wheel of Ansible's collections, and matplotlib in an environment of its own.
PEERS='ansible==12.3.0'
bench_ready() {
    local wanted uv=$VENV/bin/uv
    wanted="$(requirements_sum bench.txt) $PEERS"
    [ "$(cat "$CACHE/bench/.ready" 2>/dev/null)" != "$wanted" ] || return 0
    say 'Installing what the benchmark compares with and draws with'
    rm -rf "$CACHE/bench"
    mkdir -p "$CACHE/bench"
    pypi "$uv" --quiet venv --python "$PY" "$CACHE/bench/venv"
    UV_LINK_MODE=copy pypi "$uv" --quiet pip install --python "$CACHE/bench/venv/bin/python" -r "$ROOT/requirements/bench.txt"
    pypi "$PY" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$CACHE/bench" "$PEERS"
    "$PY" -I -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith("ansible_collections/community/libvirt/")])
' "$CACHE/bench"/ansible-*.whl "$CACHE/bench" || return
    rm "$CACHE/bench"/ansible-*.whl
    echo "$wanted" >"$CACHE/bench/.ready"
}

# A program that prints what it measured as ratios; it fails where something could not be measured.
# Together with other parts it is content with fewer runs.
part_bench() (
    uses_labs bench
    bench_ready || exit
    cd "$STAGE" || exit
    options=(--output "$ROOT/build" ${KEEP:+--keep})
    [ ${#PARTS[@]} = 1 ] || options+=(--quick)
    ANSIBLE_COLLECTIONS_PATH=$COLLECTIONS:$CACHE/bench PYTHONPATH=$COLLECTIONS \
        python tests/bench/bench.py "${options[@]}" &&
        "$CACHE/bench/venv/bin/python" tests/bench/plot.py "$ROOT/build/bench.json" "$ROOT/build/bench.png" "$ROOT/build/hosts.svg" &&
        echo "the same as pictures: build/bench.png, build/hosts.svg"
    status=$?
    count $((status == 0)) $((status != 0))
    exit $status
)

# cosmic-ray makes the mutants; what it needs beside is in an environment of its own.
mutants_ready() {
    local wanted uv=$VENV/bin/uv
    wanted=$(requirements_sum mutants.txt)
    [ "$(cat "$CACHE/mutants/venv/.ready" 2>/dev/null)" != "$wanted" ] || return 0
    say 'Installing what makes the mutants'
    rm -rf "$CACHE/mutants/venv"
    mkdir -p "$CACHE/mutants"
    pypi "$uv" --quiet venv --python "$PY" "$CACHE/mutants/venv"
    UV_LINK_MODE=copy pypi "$uv" --quiet pip install --python "$CACHE/mutants/venv/bin/python" -r "$ROOT/requirements/mutants.txt"
    echo "$wanted" >"$CACHE/mutants/venv/.ready"
}

# It counts as one test, of the share that the unit tests have noticed.
part_mutants() (
    need_root 'a mutant, which must do no harm'
    need_packages 'mutants' unshare=util-linux ip=iproute2 qemu-img=qemu-utils mcopy=mtools zstd=zstd
    mutants_ready || exit
    "$PY" "$ROOT/tests/mutants/mutants.py" "$ROOT" "$CACHE/mutants" ${PYTEST_ARGS[@]+"${PYTEST_ARGS[@]}"} 2>&1 | tee "$RUN/mutants.log"
    status=${PIPESTATUS[0]}
    count $((status == 0)) $((status != 0))
    exit "$status"
)

# --- at the end ---

# Takes down what a part has left up, unless --keep was said: before the summary, or when interrupted.
# ours NAME: this run brought the lab up, or nobody noted who did.
ours() {
    [ ! -e "/run/virtfleet-lab/$1/owner" ] || [ "$(cat "/run/virtfleet-lab/$1/owner")" = "$VIRTFLEET_LAB_RUN" ]
}

hosts_down() {
    local name status=0
    [ -z "$KEEP" ] && [ -e "$RUN/labs" ] || return 0
    while read -r name; do
        ours "$name" || continue
        [ ! -e "/run/virtfleet-lab/$name" ] || lab "$name" --quiet down || status=1
    done <"$RUN/labs"
    rm "$RUN/labs"
    return $status
}

finish() {
    local status=$?
    trap - EXIT
    hosts_down || status=1
    rm -rf "$RUN"
    exit $status
}

clean() {
    local name
    if [ "$(id -u)" = 0 ]; then
        for name in "${LABS[@]}"; do
            lab "$name" --quiet down || return
        done
        # The caches stay while another lab is up; it says so.
        lab test --quiet down --purge || true
    fi
    remove_all
}
