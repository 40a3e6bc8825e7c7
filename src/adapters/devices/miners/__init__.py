"""Drivers for miners: dialects over transports."""

from .driver import AsicDriver
from .models import Model, TomlCatalogue, find_model

__all__ = ["AsicDriver", "Model", "TomlCatalogue", "find_model"]
