"""Stand-ins for devices on the real wire.  They import nothing of lineman's, or they would repeat its mistakes."""
