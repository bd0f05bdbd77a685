"""Plant a mistake in a function, by the name of the equation that it spoils."""

import ast
import inspect
import textwrap

import numpy as np


def plant(function, mistakes, **names):
    """Return a copy of a function with other right-hand sides, without decorators.

    The function comes from a file or a notebook, a method from its class. In place of
    names from outside, the copy sees ``names``.

    ``mistakes`` has wrong right-hand sides by name: ``{"da": "dh"}`` turns ``da = …``
    into ``da = dh``, and likewise ``da += …``, ``np.add(x, y, da)``, ``a, da = x, y``,
    ``{"da": …}`` and ``grads["da"] = …``. ``"dc@2"`` is the second of several,
    ``"h, c"`` what is unpacked into both, ``"for t"`` what a loop runs over,
    ``"return"`` all that is returned. A name with no assignment, or one of several
    without its number, raises a ValueError.
    """
    tree, new = ast.parse(textwrap.dedent(inspect.getsource(function))), {}
    for place, wrong in mistakes.items():
        name, _, which = place.partition("@")
        found = [node for other, node in _assignments(tree) if other == name]
        if not (1 <= int(which) <= len(found) if which else len(found) == 1):
            raise ValueError(
                f"{place} must be one assignment in {function.__name__}, where {name} "
                f"is assigned {len(found)} times; the second would be {name}@2"
            )
        node = found[int(which or 1) - 1]
        new[node] = ast.parse(wrong, mode="eval").body
        if isinstance(node, ast.stmt):  # += adds to a name, a call fills its array
            left = name if isinstance(node, ast.AugAssign) else f"{name}[...]"
            (new[node],) = ast.parse(f"{left} = {wrong}").body
    tree.body[0].decorator_list = []
    planter = ast.NodeTransformer()
    planter.visit = lambda node: new.get(node) or planter.generic_visit(node)
    tree = ast.fix_missing_locations(planter.visit(tree))
    scope = function.__globals__ | names
    exec(compile(tree, f"<{function.__name__}, planted>", "exec"), scope)
    return scope[function.__name__]


def _assignments(tree):
    """Return the name of each assignment, and what to replace, in the text's order."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign([ast.Tuple(to)], ast.Tuple(by)) if len(to) == len(by):
                found += zip(map(_name, to), by, strict=True)
            case ast.Assign(targets, value):
                found += [(_name(target), value) for target in targets]
            case ast.AugAssign(target):
                found += [(ast.unparse(target), node)]
            case ast.For(target, value) | ast.comprehension(target, value):
                found += [(f"for {_name(target)}", value)]
            case ast.Dict(keys, values):
                found += zip(map(_name, keys), values, strict=True)
            case ast.Return(value) if value:
                found += [("return", value)]
            case ast.Expr(ast.Call(f, args, keywords)):  # a ufunc and what it fills
                f = getattr(np, ast.unparse(f).rpartition(".")[2], None)
                inputs = 2 if f is np.dot else getattr(f, "nin", len(args))
                filled = [k.value for k in keywords if k.arg == "out"] + args[inputs:]
                found += [(ast.unparse(array), node) for array in filled]
    return sorted(found, key=lambda pair: (pair[1].lineno, pair[1].col_offset))


def _name(target):
    """Return what a target, or the key of an entry, is called."""
    if isinstance(target, ast.Tuple):
        return ", ".join(map(_name, target.elts))
    key = target.slice if isinstance(target, ast.Subscript) else target
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    return ast.unparse(target) if target else "**"
