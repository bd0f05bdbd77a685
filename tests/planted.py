"""Classes with a mistake in them, planted by the name of the equation it spoils."""

from unrolled.layer import Layer
from unrolled.planting import plant


def subclass(function, mistakes, **names):
    """Return a subclass, of the same name, in which one method has a mistake.

    Parameters
    ----------
    function : function
        The method as it stands in its class: ``Packing.part``.
    mistakes, names
        As `unrolled.planting.plant` takes them.
    """
    cls = _owner(function)
    return type(
        cls.__name__, (cls,), {function.__name__: plant(function, mistakes, **names)}
    )


def planted(cls, function, mistakes, **names):
    """Return a layer's class with a mistake, in the layer or in the loop that it runs.

    Parameters
    ----------
    cls : class
        The layer; its subclass keeps the name, by which `transcription` looks it up.
    function, mistakes, names
        As `subclass` takes them; the function may be one that cls inherits.
    """
    if issubclass(_owner(function), Layer):
        wrong = {function.__name__: plant(function, mistakes, **names)}
    else:
        loop = subclass(function, mistakes, **names)
        wrong = {"loop": lambda self: loop()}
    return type(cls.__name__, (cls,), wrong)


def _owner(function):
    """Return the class in which a method is written."""
    return function.__globals__[function.__qualname__.split(".")[0]]
