"""Identity: who asks, how he proves it, and who may change that.

``rules`` are pure; ``login`` opens the door, ``users`` and ``tokens`` are what an
admin does about people and scripts.
"""

from .login import Identity, Login, Passkeys, Policy, Visitor
from .throttle import Throttle
from .tokens import NewToken, Tokens
from .users import UserEdit, Users

__all__ = [
    "Identity",
    "Login",
    "NewToken",
    "Passkeys",
    "Policy",
    "Throttle",
    "Tokens",
    "UserEdit",
    "Users",
    "Visitor",
]
