"""What is said when a matcher cannot be read."""


class MatcherSyntaxError(ValueError):
    """A text is not a matcher list, or a name, operator or value cannot make a matcher.

    *reason* is written for people. *position* counts characters from the start of the text that was
    parsed (of a matcher built without a text: 0).
    """

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(reason, position)
        self.reason = reason
        self.position = position

    def __str__(self) -> str:
        return f"{self.reason} (at position {self.position})"
