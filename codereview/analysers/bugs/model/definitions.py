"""Functions, classes and values, alike whether they are the batch's own or the standard library's."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from codereview.analysers.bugs.model.scopes import FunctionNode
from codereview.analysers.bugs.model.signatures import Signature

#: Ancestors of a class beyond which no order is looked for: no person's class has as many.
_MAX_INHERITANCE = 200


@dataclass(slots=True, eq=False)
class Function:
    """A function or method. Several signatures are overloads; a call is right when one of them takes it.

    ``kind`` is "function", "method", "classmethod", "staticmethod" or "property". ``returns`` is the qualified name
    of the class of what a call gives, with a "?" when it may be None, "" when unknown; "builtins.NoReturn" for none.
    ``transparent`` is False when a decorator may have changed how it is called or what it gives.
    """

    name: str
    qualified: str
    signatures: tuple[Signature, ...]
    kind: str = "function"
    returns: str = ""
    node: FunctionNode | ast.Lambda | None = None
    transparent: bool = True
    is_abstract: bool = False


@dataclass(slots=True, eq=False)
class Member:
    """What a class body says about one name: a function, or some other value."""

    name: str
    function: Function | None = None
    value: ast.expr | None = None
    node: ast.AST | None = None


@dataclass(eq=False)
class Class:
    """A class. ``bases`` has None for one that is not known; ``open`` says that its members cannot be listed."""

    name: str
    qualified: str
    bases: tuple["Class | None", ...] = ()
    members: dict[str, Member] = field(default_factory=dict)
    node: ast.ClassDef | None = None
    #: Attributes given to instances (``self.x = …``) or declared without a value.
    attributes: set[str] = field(default_factory=set)
    open: bool = False
    #: Qualified name of a metaclass other than type, or "?" for one that is not known.
    metaclass: str = ""
    #: The method resolution order, once it was asked for; empty when there is none.
    _order: "tuple[Class, ...] | None" = field(default=None, init=False, repr=False)

    @cached_property
    def ancestors(self) -> tuple["Class", ...]:
        """The class and all known base classes, in method resolution order where there is one."""
        return tuple(self.linearised() or self._unordered())

    def linearised(self) -> "list[Class] | None":
        """The method resolution order (C3) over the known bases; None when the bases contradict each other."""
        for cls in self._bases_first():
            cls._order = cls._merged()
        return list(self._order or ()) or None

    def _bases_first(self) -> "Iterator[Class]":
        """The classes whose order is still to be found for this one's, each once and after its bases."""
        seen: set[Class] = set()
        stack = [(self, False)]
        while stack:
            current, follows_its_bases = stack.pop()
            if follows_its_bases:
                yield current
            elif current not in seen and current._order is None:
                seen.add(current)
                stack.append((current, True))
                stack.extend((base, False) for base in current.bases if base is not None)

    def _merged(self) -> "tuple[Class, ...]":
        """Its order from those of its bases; empty when there is none, or too long a one."""
        bases = [base for base in self.bases if base is not None]
        orders = [list(base._order or ()) for base in bases]
        if not all(0 < len(order) <= _MAX_INHERITANCE for order in orders):
            return ()
        sequences = [*orders, bases]
        result: list[Class] = [self]
        while sequences := [sequence for sequence in sequences if sequence]:
            tails = {c for sequence in sequences for c in sequence[1:]}
            head = next((sequence[0] for sequence in sequences if sequence[0] not in tails), None)
            if head is None:
                return ()
            result.append(head)
            sequences = [sequence[1:] if sequence[0] is head else sequence for sequence in sequences]
        return tuple(result)

    def _unordered(self) -> "list[Class]":
        found: dict[Class, None] = {}
        stack: list[Class] = [self]
        while stack:
            current = stack.pop()
            if current not in found:
                found[current] = None
                stack.extend(base for base in reversed(current.bases) if base is not None)
        return sorted(found, key=lambda c: c.qualified == "builtins.object")

    @cached_property
    def known(self) -> bool:
        """Whether every base class is known and every member can be listed."""
        return all(not c.open and None not in c.bases for c in self.ancestors)

    @cached_property
    def plain(self) -> bool:
        """Whether it is known and no metaclass of its own makes its class object behave unlike others."""
        return self.known and all(c.metaclass in ("", "abc.ABCMeta") for c in self.ancestors)

    def find(self, name: str) -> Member | None:
        """A member, own or inherited."""
        return next((c.members[name] for c in self.ancestors if name in c.members), None)

    def owner(self, name: str) -> "Class | None":
        """The class that defines a member."""
        return next((c for c in self.ancestors if name in c.members), None)

    def has(self, name: str) -> bool:
        """Whether instances have an attribute of this name."""
        return any(name in c.members or name in c.attributes for c in self.ancestors)

    def lacks(self, *names: str) -> bool:
        """Whether instances certainly have none of these, not even through ``__getattr__``."""
        if not self.known or any(self.has(name) for name in (*names, "__getattr__")):
            return False
        intercepts = self.owner("__getattribute__")
        return intercepts is None or intercepts.node is None

    def is_a(self, *qualified: str) -> bool:
        """Whether it is, or inherits from, one of these."""
        return any(c.qualified in qualified for c in self.ancestors)

    def methods(self) -> Iterator[Function]:
        """Its own functions."""
        return (member.function for member in self.members.values() if member.function is not None)


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression is known to be.

    ``kind``: "instance" of ``cls``; "class" ``cls`` itself; "function" (``bound`` when the first parameter is taken);
    "module" of that ``name``. ``node`` is the literal or definition it comes from.
    """

    kind: str
    cls: Class | None = None
    function: Function | None = None
    name: str = ""
    bound: bool = False
    node: ast.AST | None = None

    def instance_of(self, *qualified: str) -> bool:
        """Whether it is an instance of exactly one of these classes."""
        return self.kind == "instance" and self.cls is not None and self.cls.qualified in qualified

    @property
    def is_none(self) -> bool:
        """Whether it is None."""
        return self.instance_of("types.NoneType")
