"""The errors that a user of the plugin can meet."""


class InputError(ValueError):
    """Something that the user gave cannot be worked with.

    The message names the field, sample or option, says what was expected and what was found.
    Dataset, run and journal are as they were before the call.
    """


class Cancelled(Exception):
    """The user asked the running job to stop; nothing of it was kept."""
