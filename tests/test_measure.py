from animatex.measure import StageTimer, peak_memory
from animatex.progress import SilentProgress


def test_a_timer_adds_up_stages_and_passes_them_on():
    class Listener(SilentProgress):
        def __init__(self) -> None:
            self.heard: list[object] = []

        def start(self, stage: str, total: int | None = None) -> None:
            self.heard.append((stage, total))

        def advance(self, n: int = 1) -> None:
            self.heard.append(n)

        def done(self) -> None:
            self.heard.append("done")

    listener = Listener()
    timer = StageTimer(listener)
    timer.start("reading", 2)
    timer.advance()
    timer.start("sampling")
    timer.done()
    timer.start("reading")
    seconds = timer.seconds()
    assert list(seconds) == ["reading", "sampling", "total"]
    assert seconds["total"] >= seconds["reading"] + seconds["sampling"] - 0.002
    assert listener.heard == [("reading", 2), 1, ("sampling", None), "done", ("reading", None)]


def test_memory_is_counted_in_bytes():
    peak = peak_memory()
    assert peak is not None
    assert 2**24 < peak < 2**40
