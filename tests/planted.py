"""Mistakes put where a function stands, by the name of the equation that they spoil."""

from typing import NamedTuple

from cases import Case
from unrolled.planting import plant

SIZES = {"B": 2, "T": 4, "I": 3, "H": 5}  # all above 1, and no two alike


def is_fast(function):
    """Tell whether a function stands in the room `fast`."""
    return function.__module__.startswith("unrolled.fast")


def plant_in(monkeypatch, function, mistakes):
    """Put a copy with mistakes in a function's place, until the test is over.

    Parameters
    ----------
    monkeypatch : pytest.MonkeyPatch
        What puts the function back.
    function : function
        As it stands in its module, or in its class: ``Packing.part``.
    mistakes : dict of str to str
        As `unrolled.planting.plant` takes them.
    """
    wrong, module = plant(function, mistakes), function.__globals__
    cls, _, name = function.__qualname__.rpartition(".")
    if cls:
        monkeypatch.setattr(module[cls], name, wrong)
    else:
        monkeypatch.setitem(module, name, wrong)


class Mistake(NamedTuple):
    """Which layer, where, what was written there, and the variant that runs it."""

    cls: type
    where: callable
    wrong: dict
    options: dict = {}
    sizes: dict = SIZES

    def case(self):
        """Return a case that runs what the mistake is in."""
        return Case(self.cls, self.options, is_fast(self.where), **self.sizes)
