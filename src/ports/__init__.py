"""The language that all rooms share: nouns, errors and sockets.

A port owns the types in its signatures and the errors that it may raise.
Nothing here does anything: what needs time, a policy or two nouns is a rule
and lives in ``core``.
"""
