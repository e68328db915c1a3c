"""Where frames are kept: content-addressed files, a journal, and an SQLite index made from both."""

from fluxkit.catalogue.catalogue import Catalogue

__all__ = ["Catalogue"]
