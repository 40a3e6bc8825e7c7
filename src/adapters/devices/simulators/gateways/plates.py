"""What is printed on a gateway, and how its firmware writes pages."""

from dataclasses import dataclass

#: Invented operators; some are not ASCII, one has the sign that pages forget to escape.
OPERATORS = ("TESTNET", "OTHERNET", "North & South", "Связь-Плюс", "测试移动")


@dataclass(frozen=True, slots=True)
class Plate:
    """One kind of gateway."""

    kind: str
    lines: int
    title: str
    #: As the page with the model in it says it.
    model: str
    #: Of the serial number; digits follow.
    serial: str
    firmware: str
    module: str
    #: Of the meta tag; the bytes of pages and XML are in it.
    charset: str = "utf-8"
    newline: str = "\n"
    #: The field with the start of the counters.
    since: str = "rct"
    #: Cells of the identity have ids, not only labels.
    ids: bool = False
    #: How it answers the order to reboot.
    reboot: str = "wait"
    #: A tree of its own; ``default`` for most.
    tree: str = "default"

    @property
    def codec(self) -> str:
        """How its bytes are made."""
        return "gb18030" if self.charset == "gb2312" else self.charset


_ALL = (
    Plate("goip1", 1, "GoIP", "GoIPx1", "GOIP1MCDRM", "GHSFVT-1.1-68-9", "M25MAR01A01_RSIM", "gb2312"),
    Plate("goip4", 4, "GoIP4", "GoIPx4", "4MCDRM", "GST1610-1.01-70", "M35FAR02A05_RSIM", newline="\r\n"),
    Plate(
        "goip8", 8, "GoIP8", "GoIPx8", "8MCDRM", "GHSFVT-1.1-68-11", "M26FBR03A02_RSIM", "gb2312", reboot="cut"
    ),
    Plate(
        "goip16",
        16,
        "GoIP16",
        "GoIPx16",
        "GOIP16E1BTR",
        "GST-1.01-68",
        "G610_V0C.58.0D_T1B",
        since="cdrt",
        ids=True,
        reboot="short",
    ),
    Plate(
        "goip32",
        32,
        "GoIPx32",
        "GoIPx32",
        "32M2RX",
        "GST1610-1.01-70-17-8",
        "M26FBR03A02 RSIM",
        newline="\r\n",
        ids=True,
        reboot="cut",
    ),
    # A brand's build: its name around the model, a tree of its own.
    Plate(
        "brand8",
        8,
        "Acme Voice GoIP_8 Gateway",
        "Acme-8",
        "8MACME",
        "GST1610-1.01-71-2",
        "M26FBR03A02_RSIM",
        ids=True,
        tree="acme",
    ),
)  # fmt: skip
PLATES: dict[str, Plate] = {plate.kind: plate for plate in _ALL}
#: Kinds to weights, as a fleet of small branches has them.
MIX: dict[str, float] = {"goip1": 5, "goip4": 30, "goip8": 30, "goip16": 20, "goip32": 10, "brand8": 5}


def plate_of(kind: str) -> Plate:
    """Return the plate of a kind.

    Raises:
        ValueError: Nothing goes by that name.
    """
    if kind not in PLATES:
        raise ValueError(f"there is no gateway {kind!r}: say one of {', '.join(PLATES)}")
    return PLATES[kind]
