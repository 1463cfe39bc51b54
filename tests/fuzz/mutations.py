"""Changes that make a bad file out of a good one."""

from __future__ import annotations

from hypothesis import strategies as st

# Numbers at the edges of what fields hold, in both orders, and what begins or ends things in text.
TELLING = (
    *(b"\x00" * 4, b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\x00\x00\x00"),
    *(b"\x00\x00\x00\x01", b"\xff\xff", b"\x00\x01\x86\xa0", b"-1", b"1e999", b"NaN", b"9" * 30, b"null"),
    *(b"[" * 50, b"{" * 50, b"&a *a", b"!!python/object:os.system", b"\r\n", b"\x00", b"\xc3\x28", b"../"),
)


def changed(content: bytes) -> st.SearchStrategy[bytes]:
    """Files that differ from a good one in a few places, or end early."""
    place = st.integers(0, max(0, len(content) - 1))
    piece = st.sampled_from(TELLING) | st.binary(min_size=1, max_size=8)
    change = st.one_of(
        st.tuples(st.just("write"), place, piece),
        st.tuples(st.just("insert"), place, piece),
        st.tuples(st.just("cut"), place, st.integers(1, 200)),
        st.tuples(st.just("repeat"), place, st.integers(1, 200)),
        st.tuples(st.just("end"), place, st.just(0)),
    )
    return st.lists(change, min_size=1, max_size=6).map(lambda changes: _apply(content, changes))


def _apply(content: bytes, changes: list[tuple[str, int, bytes | int]]) -> bytes:
    for kind, at, what in changes:
        at = min(at, len(content))
        if isinstance(what, bytes):
            rest = at + len(what) if kind == "write" else at
            content = content[:at] + what + content[rest:]
        elif kind == "cut":
            content = content[:at] + content[at + what :]
        elif kind == "repeat":
            content = content[: at + what] + content[at:]
        else:
            content = content[:at]
    return content
