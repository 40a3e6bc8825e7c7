"""The ways to look at an Asterisk unit, behind one port."""

from .ami import AmiProbe
from .opinion import NetOpinion
from .probes import Probes
from .ssh import SshProbe

__all__ = ["AmiProbe", "NetOpinion", "Probes", "SshProbe"]
