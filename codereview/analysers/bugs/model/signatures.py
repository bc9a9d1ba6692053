"""What a function may be called with."""

import ast
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Fault(StrEnum):
    """What is wrong with a call."""

    TOO_MANY = "too many positional arguments"
    MISSING = "missing argument"
    UNKNOWN_KEYWORD = "unexpected keyword argument"
    TWICE = "argument given twice"
    POSITIONAL_ONLY = "positional-only argument given by keyword"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that can be given by position."""

    name: str
    required: bool
    by_keyword: bool = True


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of one function. ``vararg`` and ``kwarg`` say whether it takes any others."""

    positional: tuple[Parameter, ...] = ()
    vararg: bool = False
    keyword_only: tuple[tuple[str, bool], ...] = ()  # name, required
    kwarg: bool = False

    @property
    def required(self) -> int:
        """How many positional parameters have no default."""
        return sum(parameter.required for parameter in self.positional)

    def without_first(self) -> "Signature":
        """The signature of the bound method."""
        return Signature(self.positional[1:], self.vararg, self.keyword_only, self.kwarg)

    def fault(self, call: ast.Call) -> tuple[Fault, str] | None:
        """What Python would refuse, with the argument or parameter concerned; None for what may be right."""
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        splatted = any(keyword.arg is None for keyword in call.keywords)
        given = sum(not isinstance(argument, ast.Starred) for argument in call.args)
        if given > len(self.positional) and not self.vararg:
            return Fault.TOO_MANY, f"{given} given, at most {len(self.positional)} taken"
        names = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
        keyword_only = dict(self.keyword_only)
        taken = {parameter.name for parameter in self.positional[:given]} if not starred else set()
        known = {parameter.name for parameter in self.positional if parameter.by_keyword} | keyword_only.keys()
        for keyword in call.keywords:
            if keyword.arg is None or self.kwarg:
                continue
            if keyword.arg not in known:
                hidden = any(p.name == keyword.arg for p in self.positional)
                return (Fault.POSITIONAL_ONLY if hidden else Fault.UNKNOWN_KEYWORD), keyword.arg
        for name in sorted(names & taken & known):
            return Fault.TWICE, name
        if splatted:
            return None
        if not starred:
            for parameter in self.positional[given:]:
                if parameter.required and not (parameter.by_keyword and parameter.name in names):
                    return Fault.MISSING, parameter.name
        for name, required in self.keyword_only:
            if required and name not in names:
                return Fault.MISSING, name
        return None


def of_arguments(arguments: ast.arguments) -> Signature:
    """The signature a definition declares."""
    plain = [(argument, False) for argument in arguments.posonlyargs] + [(a, True) for a in arguments.args]
    required = len(plain) - len(arguments.defaults)
    positional = tuple(Parameter(a.arg, index < required, named) for index, (a, named) in enumerate(plain))
    keyword_only = tuple(
        (argument.arg, default is None)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False)
    )
    return Signature(positional, arguments.vararg is not None, keyword_only, arguments.kwarg is not None)


@lru_cache(maxsize=8192)
def of_text(text: str) -> Signature:
    """The signature behind the notation of stdlib.json (see `codereview.analysers.bugs.stdlib.build`)."""
    positional: list[Parameter] = []
    keyword_only: list[tuple[str, bool]] = []
    vararg = kwarg = after_star = False
    for word in text.split(",") if text else ():
        name = word.removesuffix("=")
        if word == "/":
            positional = [Parameter(p.name, p.required, by_keyword=False) for p in positional]
        elif word.startswith("**"):
            kwarg = True
        elif word.startswith("*"):
            after_star = True
            vararg = word != "*"
        elif after_star:
            keyword_only.append((name, name == word))
        else:
            positional.append(Parameter(name, name == word))
    return Signature(tuple(positional), vararg, tuple(keyword_only), kwarg)
