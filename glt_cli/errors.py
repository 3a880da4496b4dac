"""The one error that is a person's to mend."""


class UserError(Exception):
    """Bad input: one message that says what is wrong and what would be right.

    The command line prints it without a traceback and exits with code 2; nothing has been
    written by then.
    """
