import sqlite3
import time
from contextlib import closing

from animatex.batch import ledger as ledger_module
from animatex.batch.job import BatchOptions
from animatex.batch.lease import beating
from animatex.batch.ledger import Asked, Ledger


def test_who_finds_the_ledger_busy_at_first_beats_when_it_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_module, "_PATIENCE_SECONDS", 0.05)
    path = tmp_path / "batch.ledger"
    with Ledger(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        ledger.add([Asked("a.mp4", "hero.png", "dance.npz", "tiny", "seed: 13\n")])
        assert ledger.claim(ledger.entry("a.mp4"), "me", "x")
        other.execute("BEGIN EXCLUSIVE")
        with beating(BatchOptions(path, tmp_path, lease_seconds=0.12), "me"):
            time.sleep(0.3)
            other.execute("ROLLBACK")
            ends = time.monotonic() + 30
            while ledger.entry("a.mp4").beat < 2 and time.monotonic() < ends:
                time.sleep(0.02)
        assert ledger.entry("a.mp4").beat >= 2
