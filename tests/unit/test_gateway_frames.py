"""Which pieces of a WebSocket's traffic say that somebody works."""

from zoe.gateway.frames import Talk

TEXT, PING, PONG = b"\x81\x82mask\x00\x00", b"\x89\x80mask", b"\x8a\x80mask"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_a_page_says_as_soon_as_it_has_connected_is_no_work_and_what_comes_later_is() -> None:
    clock = Clock()
    talk = Talk(clock)
    assert not talk.is_work(TEXT)
    clock.now += 2.9
    assert not talk.is_work(TEXT)
    clock.now += 0.1
    assert talk.is_work(TEXT)


def test_pings_and_pongs_are_never_work_however_they_are_cut() -> None:
    clock = Clock()
    talk = Talk(clock)
    clock.now += 60
    assert not any(talk.is_work(bytes([one])) for one in PING + PONG)
    assert [talk.is_work(bytes([one])) for one in TEXT] == [False, True, *[False] * 6]


def test_a_message_that_began_with_the_greeting_is_followed_to_its_end() -> None:
    clock = Clock()
    talk = Talk(clock)
    talk.is_work(TEXT[:-1])
    clock.now += 60
    assert not talk.is_work(TEXT[-1:])
    assert talk.is_work(TEXT)
