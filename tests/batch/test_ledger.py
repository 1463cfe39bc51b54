import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from animatex.batch.ledger import MAX_CRASHES, Asked, Ledger
from animatex.errors import InputError

NAMES = ("a.mp4", "b.mp4", "c/d.mp4")
JOBS = [Asked(name, "hero.png", "dance.npz", "tiny", "seed: 13\n") for name in NAMES]
OWNERS = ("here 1 aa", "here 12 bb", "there 1 cc")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "batch.ledger") as opened:
        opened.add(JOBS)
        yield opened


class Runners(RuleBasedStateMachine):
    """Runners that read, wait, and act on what they read, through connections of their own."""

    def __init__(self):
        super().__init__()
        self.ledgers = {owner: Ledger(self.folder / "batch.ledger") for owner in OWNERS}
        self.holds: dict[str, str] = {}
        self.seen = {}
        self.tries = dict.fromkeys(NAMES, 0)
        base = sqlite3.connect(self.folder / "batch.ledger")
        base.execute("DELETE FROM job")
        base.commit()
        base.close()
        self.ledgers[OWNERS[0]].add(JOBS)

    def teardown(self):
        for ledger in self.ledgers.values():
            ledger.close()

    @rule(owner=st.sampled_from(OWNERS), name=st.sampled_from(NAMES))
    def look(self, owner, name):
        self.seen[owner, name] = self.ledgers[owner].entry(name)

    @rule(owner=st.sampled_from(OWNERS), name=st.sampled_from(NAMES), made_of=st.sampled_from("xy"))
    def claim(self, owner, name, made_of):
        if (owner, name) not in self.seen:
            return
        if self.ledgers[owner].claim(self.seen[owner, name], owner, made_of):
            assert name not in self.holds, "two runners hold one job"
            self.holds[name] = owner
            self.tries[name] += 1

    @rule(owner=st.sampled_from(OWNERS), name=st.sampled_from(NAMES), good=st.booleans())
    def end(self, owner, name, good):
        ledger = self.ledgers[owner]
        ended = ledger.finish(name, owner, "hash", 1.0) if good else ledger.fail(name, owner, "no")
        assert ended == (self.holds.get(name) == owner)
        if ended:
            del self.holds[name]

    @rule(owner=st.sampled_from(OWNERS), name=st.sampled_from(NAMES))
    def free(self, owner, name):
        """An owner that has shown nothing since it was looked at loses the job."""
        seen = self.seen.get((owner, name))
        if seen is not None and self.ledgers[owner].free(seen):
            assert self.holds.pop(name) == seen.owner

    @rule(owner=st.sampled_from(OWNERS))
    def beat(self, owner):
        self.ledgers[owner].beat(owner)
        for (looker, name), seen in list(self.seen.items()):
            if seen.owner == owner and self.holds.get(name) == owner and seen.state == "running":
                assert not self.ledgers[looker].free(seen)

    @rule(owner=st.sampled_from(OWNERS))
    def crash(self, owner):
        had = [name for name, holder in self.holds.items() if holder == owner]
        assert self.ledgers[OWNERS[0]].crashed(owner, "was killed") == bool(had)
        for name in had:
            del self.holds[name]

    @invariant()
    def the_ledger_says_who_holds_what(self):
        entries = self.ledgers[OWNERS[0]].entries()
        held = {name: each.owner for name, each in entries.items() if each.state == "running"}
        assert held == self.holds
        assert {name: each.tries for name, each in entries.items()} == self.tries
        assert all(each.state != "poison" or each.crashes >= MAX_CRASHES for each in entries.values())


def test_interleaved_runners_never_hold_one_job(tmp_path):
    Runners.folder = tmp_path
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Runners, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )


def test_jobs_are_kept_in_order_with_what_was_asked(ledger):
    entries = ledger.entries()
    assert tuple(entries) == NAMES
    first = entries["a.mp4"]
    assert (first.reference, first.preset, first.state, first.tries) == ("hero.png", "tiny", "waiting", 0)


def test_what_is_asked_may_change_and_what_became_of_it_stays(ledger):
    ledger.claim(ledger.entry("a.mp4"), OWNERS[0], "x")
    ledger.finish("a.mp4", OWNERS[0], "hash", 2.5)
    ledger.add([Asked("a.mp4", "other.png", "dance.npz", "mini", "seed: 1\n")])
    entry = ledger.entry("a.mp4")
    assert (entry.reference, entry.preset) == ("other.png", "mini")
    assert (entry.state, entry.output_sha256, entry.seconds) == ("done", "hash", 2.5)


def test_a_job_that_crashes_again_and_again_is_poison(ledger):
    for number in range(1, MAX_CRASHES + 1):
        assert ledger.claim(ledger.entry("a.mp4"), OWNERS[0], "x")
        assert ledger.crashed("here 1 ", "was killed by SIGSEGV")
        entry = ledger.entry("a.mp4")
        assert (entry.crashes, entry.reason) == (number, "was killed by SIGSEGV")
    assert entry.state == "poison"


def test_another_chance_is_for_what_failed_and_is_given_once(ledger):
    for name, good in (("a.mp4", True), ("b.mp4", False)):
        ledger.claim(ledger.entry(name), OWNERS[0], "x")
        ledger.finish(name, OWNERS[0], "hash", 1.0) if good else ledger.fail(name, OWNERS[0], "no")
    ledger.retry(NAMES)
    assert [entry.state for entry in ledger.entries().values()] == ["done", "waiting", "waiting"]
    for _ in range(MAX_CRASHES):
        ledger.claim(ledger.entry("b.mp4"), OWNERS[0], "x")
        ledger.crashed(OWNERS[0], "was killed")
    assert ledger.entry("b.mp4").state == "poison"
    ledger.retry(["b.mp4"])
    assert (ledger.entry("b.mp4").state, ledger.entry("b.mp4").crashes) == ("waiting", 0)


def test_another_chance_is_given_to_all_or_none(ledger):
    for name in NAMES:
        ledger.claim(ledger.entry(name), OWNERS[0], "x")
        ledger.fail(name, OWNERS[0], "no")
    with pytest.raises(UnicodeEncodeError):
        ledger.retry([*NAMES, "\udcff"])
    assert {entry.state for entry in ledger.entries().values()} == {"failed"}
    ledger.retry(NAMES)
    assert {entry.state for entry in ledger.entries().values()} == {"waiting"}


def test_crashes_of_other_files_do_not_count(ledger):
    for made_of in "xyz":
        assert ledger.claim(ledger.entry("a.mp4"), OWNERS[0], made_of)
        assert ledger.crashed(OWNERS[0], "was killed")
    assert (ledger.entry("a.mp4").state, ledger.entry("a.mp4").crashes) == ("waiting", 1)


def test_a_process_number_that_begins_alike_is_another(ledger):
    ledger.claim(ledger.entry("a.mp4"), "here 12 bb", "x")
    assert not ledger.crashed("here 1 ", "was killed")


def test_a_transaction_that_was_cut_off_is_as_if_it_had_not_begun(tmp_path, ledger):
    ledger.claim(ledger.entry("a.mp4"), OWNERS[0], "x")
    other = sqlite3.connect(ledger.path)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE job SET state = 'done'")
    other.close()
    assert [entry.state for entry in ledger.entries().values()] == ["running", "waiting", "waiting"]


def test_a_ledger_that_is_not_there_is_not_begun_by_looking(tmp_path):
    with pytest.raises(InputError, match=r"gone\.ledger does not exist"):
        Ledger(tmp_path / "gone.ledger", create=False)
    assert not list(tmp_path.iterdir())


def test_an_empty_file_is_no_ledger_and_stays_empty_when_it_is_looked_at(tmp_path):
    path = tmp_path / "empty.ledger"
    path.touch()
    with pytest.raises(InputError, match=r"empty\.ledger is empty; it is no ledger of a batch"):
        Ledger(path, create=False)
    assert path.stat().st_size == 0


def test_who_looks_while_a_ledger_is_begun_waits_for_it(tmp_path):
    Ledger(tmp_path / "other.ledger").close()
    with closing(sqlite3.connect(tmp_path / "other.ledger")) as other:
        table = other.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchone()[0]
        marks = {
            name: other.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        }
    with closing(sqlite3.connect(tmp_path / "batch.ledger", isolation_level=None)) as beginner:
        beginner.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as threads:
            looking = threads.submit(states, tmp_path / "batch.ledger")
            with pytest.raises(TimeoutError):
                looking.result(timeout=0.2)
            beginner.execute(table)
            for name, value in marks.items():
                beginner.execute(f"PRAGMA {name} = {value}")
            beginner.execute("COMMIT")
            assert looking.result() == []


def states(path):
    with Ledger(path, create=False) as ledger:
        return [outcome.state for outcome in ledger.outcomes().values()]


def test_what_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "text").write_text("no database, but quite some text that is long enough to be looked at")
    with pytest.raises(InputError, match="the ledger .*text cannot be used: file is not a database"):
        Ledger(tmp_path / "text")
    base = sqlite3.connect(tmp_path / "other.db")
    base.execute("CREATE TABLE mine (x)")
    base.commit()
    base.close()
    with pytest.raises(InputError, match="is a database, but no ledger of a batch"):
        Ledger(tmp_path / "other.db")


def test_a_ledger_of_another_version_is_refused(tmp_path):
    Ledger(tmp_path / "batch.ledger").close()
    base = sqlite3.connect(tmp_path / "batch.ledger")
    base.execute("PRAGMA user_version = 9")
    base.commit()
    base.close()
    with pytest.raises(InputError, match="is a ledger of version 9; this animatex reads 1"):
        Ledger(tmp_path / "batch.ledger")


def test_a_ledger_in_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be used: unable to open database file"):
        Ledger(tmp_path / "gone" / "batch.ledger")
