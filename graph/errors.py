"""Every error the product raises on purpose.

AutopilotError
├── Unavailable       something outside did not answer; nothing is decided, try again
├── Refused           a rule says no; a normal outcome, nothing was changed
│   └── Paused        a person stopped this model; it goes on where it stands once the pause is lifted
└── Misconfigured     a person must change a file, a setting or a right before anything can go on
    └── NotFound      the named model, run or version does not exist

None of them ever stands for a measurement, a verdict or an answer.
"""


class AutopilotError(Exception):
    """Base of the tree. `message` says what happened and to which model, `hint` what to do next."""

    kind = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unavailable(AutopilotError):
    """An outside system did not answer or answered unclearly. Says nothing about whether an effect took place."""

    kind = "unavailable"


class Refused(AutopilotError):
    """A rule forbids what was asked. Nothing was changed; repeating the request changes nothing either."""

    kind = "refused"


class Paused(Refused):
    """A person stopped this model. What was to begin has not begun, and begins where it stands once that is lifted."""


class Misconfigured(AutopilotError):
    """The configuration, a right or a missing part prevents the work. Stop; retrying does not help."""

    kind = "misconfigured"


class NotFound(Misconfigured):
    """A model, run or version of that name is not known here."""

    kind = "not_found"
