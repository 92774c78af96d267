"""The configuration: one TOML file, checked whole before anything starts.

Only `app` sees `Config`; each part gets the options that are declared beside it.
"""

from gateway.config.loading import load
from gateway.config.options import Config
from gateway.config.problems import ConfigError, Problem

__all__ = ["Config", "ConfigError", "Problem", "load"]
