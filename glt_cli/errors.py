"""The error for bad input."""


class UserError(Exception):
    """Bad input: the message says what is wrong and what would be right.

    The command line prints it without a traceback and exits with code 2.
    """
