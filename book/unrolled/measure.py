"""What a computation costs, and how the prose comes to a number."""

import re
import time
import tracemalloc

from .arguments import positive


def seconds(run, *arguments, repeats=5):
    """Time ``run(*arguments)`` in seconds: the shortest of ``repeats`` runs.

    It is the one that was disturbed least. Compare two of them as a ratio.
    """
    times = []
    for _ in range(positive("repeats", repeats)):
        start = time.perf_counter()
        run(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory(run, *arguments):
    """Measure how much memory ``run(*arguments)`` holds at its worst moment.

    It is the peak of what Python and NumPy allocated meanwhile, in MB (10**6 bytes).
    """
    tracemalloc.start()
    try:
        run(*arguments)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def store(mapping=None, /, **numbers):
    """Keep numbers for the prose, which sets them by their names, and print them.

    ``store(loss=0.25)`` is read by ``{glue:text}`loss:.2f```. A dict is for names that
    are computed; what is no letter, digit or underscore becomes an underscore, so that
    ``store({f"bias {b}": slope})`` is read as ``bias_0_5``.

    Parameters
    ----------
    mapping, **numbers : numbers or strings, by name
        Scalars of NumPy are stored as Python's, which print without their type.
    """
    from myst_nb import glue  # only a page needs it

    for name, value in {**(mapping or {}), **numbers}.items():
        name = re.sub(r"\W", "_", name)
        value = value.item() if hasattr(value, "item") else value
        glue(name, value, display=False)
        print(name, "=", f"{value:.4g}" if isinstance(value, float) else value)
