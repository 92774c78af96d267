"""Label matchers in Alertmanager's language: read them, ask them, index thousands of them.

    >>> [alerts] = parse('{severity=~"critical|high"}')
    >>> alerts.matches({"severity": "high"})
    True
    >>> MatcherIndex({"night": parse('team="payments", env!="dev"')}).match({"team": "payments"})
    ['night']

A library of its own: it knows strings, not alerts.
"""

from matchers.errors import MatcherSyntaxError
from matchers.index import MatcherIndex
from matchers.matcher import Matcher, Operator, render
from matchers.parser import parse, parse_one
from matchers.regex import MAX_PATTERN_BYTES

__all__ = [
    "MAX_PATTERN_BYTES",
    "Matcher",
    "MatcherIndex",
    "MatcherSyntaxError",
    "Operator",
    "parse",
    "parse_one",
    "render",
]
