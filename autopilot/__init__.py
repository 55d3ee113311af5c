"""The process: settings, composition, engine and command line. No rule lives here."""

__version__ = "0.1.0"
