"""The face for programs and browsers."""
