"""The one hierarchy of errors that a person may meet."""

from __future__ import annotations


class MotcuaError(Exception):
    """Base of every error the program raises on purpose.

    Args:
        message: a sentence for the person who meets it; says what to do where that is known.

    Attributes:
        code: stable machine-readable name, used in JSON answers and logs.
        status: HTTP status that fits when the error reaches a web client.
        exit_code: exit status of the command line when the error ends a command.
    """

    code = "error"
    status = 500
    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(MotcuaError):
    """What was asked for does not exist."""

    code = "not_found"
    status = 404
    exit_code = 3


class Invalid(MotcuaError):
    """The input cannot be used as given."""

    code = "invalid"
    status = 400
    exit_code = 2


class Conflict(MotcuaError):
    """Somebody else is doing, or has done, what excludes this."""

    code = "conflict"
    status = 409
    exit_code = 4


class Unavailable(MotcuaError):
    """A part that is needed does not answer at the moment."""

    code = "unavailable"
    status = 503
    exit_code = 5
