"""What the simulated miners are made of: a table of plates, one line a kind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hardware:
    """The plate of one kind of miner, in base units (H/s, W)."""

    kind: str
    maker: str
    #: As the device names itself.
    model: str
    firmware: str
    boards: int
    #: Per board.
    chips: int
    fans: int
    nominal_hs: float
    power_w: int
    freq_mhz: int
    algorithm: str = "sha256"
    #: Whether the firmware has a sleep mode and says so somewhere on the wire.
    sleeps: bool = True
    #: A share is found about every so many seconds.
    share_every_s: float = 9.0
    #: The share of this kind among the miners of its maker.
    weight: int = 1

    def can(self, condition: str) -> bool:
        """Whether it can be in a condition: an S9 does not sleep, an M66S has no fan to stop."""
        return {"sleeping": self.sleeps, "fan-stopped": self.fans > 0}.get(condition, True)


HARDWARE: tuple[Hardware, ...] = (
    # Whatsminer.  The old one wants the key "command", knows no "edevs" and is fond of \'.
    Hardware("m20s", "Whatsminer", "M20S_V10", "20200317.21.REL", 3, 105, 2, 68e12, 3360, 612, weight=1),
    Hardware("m30s", "Whatsminer", "M30S_VE10", "20210614.22.REL", 3, 105, 2, 88e12, 3344, 676, weight=4),
    Hardware("m50s", "Whatsminer", "M50S_VH50", "20230512.11.REL", 3, 135, 2, 126e12, 3276, 602, weight=3),
    # API 3 beside API 2, and API 3 alone.
    Hardware("m60s", "Whatsminer", "M60S_VK40", "20251014.16.REL", 3, 75, 2, 186e12, 3441, 625, weight=2),
    Hardware("m66s", "Whatsminer", "M66S_VL40", "20251014.16.REL", 4, 96, 0, 298e12, 5513, 640, weight=1),
    # AntMiner, before and after the modern firmware.
    Hardware(
        "s9", "AntMiner", "Antminer S9", "Thu Mar 21 09:14:06 CST 2019", 3, 63, 2, 13.5e12, 1323, 650, sleeps=False
    ),
    Hardware(
        "l3+", "AntMiner", "Antminer L3+", "Tue Aug 7 10:22:31 CST 2018", 4, 72, 2, 504e6, 800, 384, "scrypt", False
    ),
    Hardware(
        "s19pro", "AntMiner", "Antminer S19 Pro", "Wed Jul 13 11:02:48 CST 2022", 3, 114, 4, 110e12, 3250, 525, weight=4
    ),
    Hardware("s21", "AntMiner", "Antminer S21", "Mon Apr 15 17:40:19 CST 2024", 3, 108, 4, 200e12, 3500, 490, weight=3),
    Hardware("l7", "AntMiner", "Antminer L7", "Fri Nov 18 15:21:57 CST 2022", 4, 120, 4, 9.5e9, 3425, 1120, "scrypt"),
    # Avalon.
    Hardware("a1246", "Avalon", "1246-90", "22051102_5be7aa1_31c04fe", 3, 120, 4, 90e12, 3420, 512, weight=2),
    Hardware("a1346", "Avalon", "1346-110", "24031501_0d1e6c2_a90b7d4", 3, 120, 4, 110e12, 3300, 540, weight=2),
    # A controller with ten machines.
    Hardware("a741", "Avalon", "741", "7411706-3162860", 10, 88, 10, 72e12, 11500, 607, sleeps=False, weight=1),
    # Elphapex, HTTP only: one asks for a login, the other does not.
    Hardware("dg1+", "Elphapex", "DG1+", "DG1+_SW_V1.0.4", 4, 204, 4, 14e9, 3920, 1850, "scrypt", weight=2),
    Hardware("dg1", "Elphapex", "DG1", "DG1_SW_V1.0.1", 4, 192, 4, 11e9, 3420, 1725, "scrypt", weight=1),
)
