"""What a computation costs: time and memory."""

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
