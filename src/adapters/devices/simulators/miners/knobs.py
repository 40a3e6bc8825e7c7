"""What can be made wrong with a simulated miner while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

#: A page that stands in the way of the miner, as a proxy's or a captive portal's does.
HTML = b"<html><head><title>Login</title></head><body><h1>Please log in</h1></body></html>\n"
#: Nothing that anybody could read.
NOISE = bytes(range(255, 0, -1)) * 8
#: A hundred thousand brackets.
DEEP = b"[" * 100_000
#: What a Whatsminer's front says when its mining process is down.
DOWN = b"Socket connect failed: Connection refused\n"


@dataclass(frozen=True, slots=True)
class Knobs:
    """The knobs of one miner; all at rest by default."""

    #: Milliseconds before a reply, and as much more at most, by chance.
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    #: A reply takes so many milliseconds to drip out, in ten pieces.
    slow_ms: float = 0.0
    #: Accepts and never answers.
    mute: bool = False
    #: Replies are JSON no more: one of the known slips, another one a command.
    garbled: bool = False
    #: Replies end in the middle.
    cut: bool = False
    #: Nothing listens: connections are refused.
    refuse: bool = False
    #: Accepts, then resets the connection.
    reset: bool = False
    #: Accepts, then closes without a word, as cgminer does to addresses it was not told of (HTTP: 403).
    denied: bool = False
    #: Replies never end, up to so many bytes; 0: they end as they should.
    huge: int = 0
    #: Answers every command with a web page.
    html: bool = False
    #: Answers every command with the text that stands for "the mining process is down".
    down: bool = False
    #: Answers every command with binary noise.
    noise: bool = False
    #: Answers every command with JSON of a depth that no parser should follow.
    deep: bool = False
    #: Does what it is told, and does not answer to that.
    hush: bool = False
    #: Takes no commands: nobody has enabled that on it.
    locked: bool = False
    #: Boots every so many minutes; 0: by nature, every day or three.
    reboot_minutes: float = 0.0

    def turned(self, **changes: Any) -> "Knobs":
        """Return the knobs with some of them turned; a knob that is not there is a ``TypeError``."""
        unknown = set(changes) - {item.name for item in fields(self)}
        if unknown:
            raise TypeError(f"there is no knob {', '.join(sorted(unknown))}")
        return replace(self, **changes)


def _missing_comma(text: bytes) -> bytes:
    return text.replace(b"},{", b"}{", 1) if b"},{" in text else text.replace(b'","', b'""', 1)


def _trailing_comma(text: bytes) -> bytes:
    return text.replace(b"}", b",}", 1)


def _bare_nan(text: bytes) -> bytes:
    return text.replace(b'"Elapsed":', b'"MHS 30m":nan,"Elapsed":', 1).replace(
        b'"elapsed":', b'"rate_60m":nan,"elapsed":', 1
    )


def _newline(text: bytes) -> bytes:
    return text.replace(b'"Msg":"', b'"Msg":"\n', 1).replace(b'"type":"', b'"type":"\n', 1)


def _leading_comma(text: bytes) -> bytes:
    return text.replace(b":[{", b":[,{", 1)


def _tail(text: bytes) -> bytes:
    return text + b'"}'


_SLIPS: tuple[Callable[[bytes], bytes], ...] = (
    _trailing_comma,
    _bare_nan,
    _newline,
    _leading_comma,
    _tail,
    _missing_comma,
)


def garble(text: bytes, turn: int) -> bytes:
    """Return a reply with one slip that real firmware was seen to make; ``turn`` picks it."""
    end = b"\0" if text.endswith(b"\0") else b""
    whole = text.removesuffix(end)
    tried = (_SLIPS[(turn + n) % len(_SLIPS)](whole) for n in range(len(_SLIPS)))
    return next((broken for broken in tried if broken != whole), whole) + end
