"""Errors whose message says in one line what is wrong."""


class UserError(Exception):
    """Bad input: the message says what is wrong and what would be right.

    The command line prints it without a traceback and exits with code 2. Nothing has been
    written by then.
    """


class InvalidResultError(Exception):
    """A method, score or schedule returned something that can't be used; one line says what."""


def type_name(thing: object) -> str:
    """Name the type of an object for messages: `None`, `str` or `numpy.ndarray`."""
    if thing is None:
        return "None"
    kind = type(thing)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else (f"{kind.__module__}.{kind.__qualname__}")
    )
