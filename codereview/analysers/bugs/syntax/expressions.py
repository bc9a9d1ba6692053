"""Expressions: all their kinds in one builder."""

import ast
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tree_sitter import Node

from codereview.analysers.bugs.syntax.accesses import ACCESSES, Accesses
from codereview.analysers.bugs.syntax.containers import CONTAINERS, Containers
from codereview.analysers.bugs.syntax.literals import LITERALS, Literals
from codereview.analysers.bugs.syntax.operations import OPERATIONS, Operations
from codereview.analysers.bugs.syntax.signatures import SIGNATURES, Signatures


class Expressions(Literals, Operations, Accesses, Containers, Signatures):
    """Makes `ast` expressions of every kind."""

    handlers: ClassVar[Mapping[str, Callable[[Any, Node], ast.expr]]] = {
        **LITERALS,
        **OPERATIONS,
        **ACCESSES,
        **CONTAINERS,
        **SIGNATURES,
    }
