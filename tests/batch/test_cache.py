from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.batch import cache
from animatex.batch.cache import Hashes
from animatex.errors import InputError
from animatex.record import sha256


@pytest.fixture
def hashed(monkeypatch):
    """Counts how often which file is hashed."""
    counts = Counter()
    monkeypatch.setattr(cache, "sha256", lambda path: counts.update([path.name]) or sha256(path))
    return counts


@given(files=st.dictionaries(st.text("ab.é", min_size=1, max_size=8).map("x".__add__), st.binary()))
def test_a_folder_has_the_hash_that_it_has_elsewhere(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("folder")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert Hashes().of(folder) == sha256(folder)


def test_of_a_folder_only_what_has_changed_is_hashed_again(tmp_path, hashed):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"a")
    hashes = Hashes()
    first = hashes.of(tmp_path)
    assert hashes.of(tmp_path) == first
    assert hashed == {"0.png": 1, "1.png": 1, "2.png": 1}
    (tmp_path / "1.png").write_bytes(b"other")
    assert hashes.of(tmp_path) == sha256(tmp_path) != first
    assert hashed == {"0.png": 1, "1.png": 2, "2.png": 1}


def test_what_is_gone_is_named(tmp_path):
    with pytest.raises(InputError, match="gone does not exist"):
        Hashes().of(tmp_path / "gone")
