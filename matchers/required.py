"""Text that every value must hold if a pattern is to match it: what patterns can be looked up by.

Careful rather than clever: what is not understood at a glance gives nothing, never too much.
"""

import re

_TOKEN = re.compile(
    r"""
      (?P<text>   [^\\.+*?()|\[\]{}^$] | \\[!-/:-@\[-^`{-~] )
    | (?P<repeat> (?: [*+?] | \{[0-9]+(?:,[0-9]*)?\} ) \?? )
    | (?P<class>  \[ \^? \]? (?: \[:\^?\w+:\] | \\. | [^\]\\] )* \] )
    | (?P<other>  \\. | . )
    """,
    re.DOTALL | re.VERBOSE,
)
_LONGER = re.compile(r"\\[0-7xpP]")
_NOT_PLAIN = re.compile(r"\\Q|\(\?(?!:)")
"""Quoted stretches, and groups that are named or change what letters mean."""


def required_texts(pattern: str) -> list[str]:
    """Texts that are in every value that *pattern*, a sound one, matches."""
    if _NOT_PLAIN.search(pattern):
        return []
    found, run, depth, plain = [], "", 0, True
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token[0]
        if kind == "text" and plain and depth == 0:
            run += text[-1]
            continue
        if kind == "repeat" and text[0] != "+":
            run = run[:-1]  # the last character may be missing
        found.append(run)
        run = ""
        if text == "|" and depth == 0:
            return []
        depth += (text == "(") - (text == ")")
        if _LONGER.match(text):
            plain = False  # what comes next may be a part of it
    return [text for text in [*found, run] if text]
