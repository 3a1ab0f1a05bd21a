"""Lets one cell raise an error instead of running, in IPython's own way."""

import ast
import builtins
from typing import Any

NAME = "__cot_stopped__"


class Stop:
    """An AST transformer for one cell: in place of its statements, the error is raised at the failing line.

    IPython then runs the cell as any other: with its number, its history, its events, and an error that it
    shows and reports itself.
    """

    def __init__(self, shell: Any, error: BaseException, lineno: int) -> None:
        self._shell, self._error, self._lineno = shell, error, lineno

    def arm(self) -> None:
        """From now on, the next cell raises the error."""
        self._shell.ast_transformers.append(self)

    def disarm(self) -> None:
        """Let cells run again."""
        self._shell.ast_transformers[:] = [one for one in self._shell.ast_transformers if one is not self]
        vars(builtins).pop(NAME, None)

    def visit(self, tree: ast.Module) -> ast.Module:
        """A module that raises the error."""
        vars(builtins)[NAME] = self._error
        place = {"lineno": self._lineno, "col_offset": 0, "end_lineno": self._lineno, "end_col_offset": 0}
        name = ast.Name(NAME, ast.Load(), **place)
        return ast.Module([ast.Raise(exc=name, cause=None, **place)], [])
