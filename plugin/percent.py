"""Shares in words, as the panel writes them."""


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage, with a blank before the sign.

    >>> percent(0.845, 1), percent(0.27)
    ('84.5 %', '27 %')
    """
    return f"{100 * share:.{digits}f} %"
