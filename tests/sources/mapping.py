"""Mappings as a configuration's tables would give them."""

from collections.abc import Mapping
from pathlib import Path

from gateway.config.converter import new_converter
from gateway.reading.mapping import MappingOptions


def mapping_of(table: Mapping[str, object]) -> MappingOptions:
    """*table* as TOML would give it; raises what cattrs found wrong."""
    return new_converter(Path()).structure(dict(table), MappingOptions)
