"""Address and port in one, as people write them and URLs need them."""


def host_port(host: str, port: int) -> str:
    """``10.0.0.7:4028``, or ``[fd00::7]:4028``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
