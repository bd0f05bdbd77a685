"""What a computation costs: time and memory."""

import time
import tracemalloc

from .arguments import positive


def seconds(run, *arguments, repeats=5):
    """Time ``run(*arguments)``, and keep the run that was disturbed least.

    Returns
    -------
    float
        The shortest of ``repeats`` times, in seconds. Compare two of them as a ratio.
    """
    times = []
    for _ in range(positive("repeats", repeats)):
        start = time.perf_counter()
        run(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory(run, *arguments):
    """Measure how much memory ``run(*arguments)`` holds at its worst moment.

    Returns
    -------
    float
        The peak of what Python and NumPy allocated meanwhile, in MB (10**6 bytes).
    """
    tracemalloc.start()
    try:
        run(*arguments)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
