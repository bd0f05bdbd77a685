"""The text of functions, for tests that hold a page to the module."""

import ast
import textwrap


def statements(source):
    """Return the statements of a function, its docstring left out."""
    body = ast.parse(textwrap.dedent(source)).body[0].body
    return [ast.unparse(statement) for statement in body[1:]]
