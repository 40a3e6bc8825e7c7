"""What can be said in place of a right answer, on demand."""

from dataclasses import dataclass, field

from .web import Reply, as_json, as_page


@dataclass(frozen=True, slots=True)
class Instead:
    """One answer on demand."""

    #: ``None``: what would have been said.
    reply: Reply | None = None
    #: What was asked for is done all the same.
    obeyed: bool = False
    #: Seconds before it.
    delay_s: float = 0.0


@dataclass(slots=True)
class Waiting:
    """Answers on demand that wait for their request."""

    instead: Instead
    #: Only for this path, and this method; empty: any.
    path: str = ""
    method: str = ""
    times: int = 1
    #: How often it was given.
    given: int = field(default=0)

    def fits(self, method: str, path: str) -> bool:
        """Whether it is meant for a request."""
        return self.path in ("", path) and self.method in ("", method)


def failing(error: int, message: str = "", data: dict[str, object] | None = None) -> Instead:
    """An error as the cloud says it: inside status 200."""
    return Instead(as_json({"error": error, "msg": message, "data": data or {}}))


#: Done, and the answer is lost; or not even done.
LOST = Instead(Reply(drop=True), obeyed=True)
DROPPED = Instead(Reply(drop=True))
#: Done, and never answered.
MUTE = Instead(Reply(mute=True), obeyed=True)
#: A page of somebody in between, with a status that says all is well; and one that does not.
HTML = Instead(as_page("Maintenance", "<h1>Maintenance</h1>"))
BAD_GATEWAY = Instead(as_page("502 Bad Gateway", "<h1>502 Bad Gateway</h1>", 502))
EMPTY = Instead(Reply())
#: Over the limit, or the address is blocked.
BLOCKED = Instead(Reply(403))
