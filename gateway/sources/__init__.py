"""Source adapters: bytes to sightings, one kind of sender a file.

A file that defines `SOURCE` is a source kind; there is no other list to add it to.
"""

import importlib
import pkgutil

from gateway.intake.delivery.source import SourceKind


def discover() -> dict[str, SourceKind]:
    """Every source kind of this package, by its name."""
    kinds: dict[str, SourceKind] = {}
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        source = getattr(module, "SOURCE", None)
        if isinstance(source, SourceKind):
            if source.kind in kinds:
                raise ValueError(f"two modules define the source kind `{source.kind}`")
            kinds[source.kind] = source
    return kinds
