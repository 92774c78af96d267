"""Matchers as people write them: read, or refused with the place of the mistake."""

from gateway.errors import FieldError, Refused
from matchers import Matcher, MatcherSyntaxError, parse

MAX_CHARACTERS = 64 * 1024
"""Of a text with matchers: nobody writes more, and it is read character by character."""


def read_matchers(text: str, pointer: str) -> tuple[Matcher, ...]:
    """Raises Refused (`bad_matchers`) with *pointer*, and `position` counted in characters."""
    if len(text) > MAX_CHARACTERS:
        raise bad_matchers(f"longer than {MAX_CHARACTERS} characters", pointer)
    try:
        matchers = parse(text)
    except MatcherSyntaxError as error:
        detail = f"{error.reason} (at character {error.position})"
        raise bad_matchers(detail, pointer, position=error.position) from error
    if any("\0" in matcher.name + matcher.value for matcher in matchers):
        raise bad_matchers("the character U+0000 is in no label", pointer)
    return matchers


def bad_matchers(detail: str, pointer: str, **extra: object) -> Refused:
    """The refusal of matchers that cannot be meant."""
    return Refused(
        f"matchers: {detail}",
        code="bad_matchers",
        errors=(FieldError(pointer, detail),),
        extra=extra,
    )
