"""What a rule can ask about the file it looks at, and where it reports."""

import ast
from collections import Counter
from functools import cached_property

from codereview.analysers.bugs.model import exits
from codereview.analysers.bugs.model.definitions import Class, Function, Value
from codereview.analysers.bugs.model.exits import Exit
from codereview.analysers.bugs.model.inference import Inference
from codereview.analysers.bugs.model.project import Module, Project
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode, Index, Scope
from codereview.analysers.bugs.model.walking import is_generator
from codereview.analysers.positions import Positions
from codereview.domain.places import is_test
from codereview.domain.rules import Rule
from codereview.ports import RawFinding

#: Findings of one rule listed of one file. The thousandth undefined name says nothing that the first did not.
MAX_OF_A_RULE = 500

_NEVER = frozenset(
    {"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit", "pytest.fail", "pytest.skip", "pytest.exit"}
    | {"pytest.xfail", "typing.assert_never", "flask.abort", "werkzeug.exceptions.abort", "django.http.Http404"}
) - {"django.http.Http404"}


class Context:
    """One file under examination."""

    def __init__(self, project: Project, module: Module) -> None:
        self.project = project
        self.module = module
        self.findings: list[RawFinding] = []
        self._reported: set[tuple[str, int, int]] = set()
        self._of_rule: Counter[str] = Counter()
        #: Findings beyond those that are listed of a rule.
        self.unlisted = 0
        #: What was found about classes, so that it is looked up once.
        self.open_ended: dict[Class, bool] = {}
        self._never: dict[ast.AST, bool] = {}

    @property
    def index(self) -> Index:
        """Nodes and scopes of the file."""
        return self.module.index

    @cached_property
    def inference(self) -> Inference:
        """What expressions are."""
        return Inference(self.project, self.module)

    @cached_property
    def is_test(self) -> bool:
        """Whether the file holds tests, by its name or folder."""
        return is_test(self.module.file.path)

    @cached_property
    def is_complete(self) -> bool:
        """Whether every statement was understood, so that what is not seen is not there."""
        return not self.module.syntax.errors and not self.module.syntax.too_deep and not self.module.file.sparse

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self.module.file)

    # --- asking -------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value | None:
        """What an expression is, None when that is not known."""
        return self.inference.value(node)

    def qualified(self, node: ast.expr) -> str:
        """The dotted name an expression stands for, "" when unknown."""
        return self.project.qualified(node, self.module)

    def calls(self, node: ast.AST, *names: str) -> bool:
        """Whether it is a call of one of these, by qualified name."""
        return isinstance(node, ast.Call) and self.qualified(node.func) in names

    def definition(self, node: ast.expr) -> Function | None:
        """The function that an expression names, whatever decorators made of it."""
        if isinstance(node, ast.Name):
            found = self.index.scope_of_name[node].resolve(node.id)
            if found is not None and len(found[1]) == 1 and isinstance(found[1][0].node, FUNCTIONS):
                return self.project.function_at(found[1][0].node, self.module)
        elif isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            if owner is not None and owner.cls is not None and owner.kind in ("instance", "class"):
                member = owner.cls.find(node.attr)
                return member.function if member is not None else None
        return self.project.function(self.qualified(node))

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around."""
        return self.index.parents.get(node)

    def enclosing(self, node: ast.AST, *kinds: type[ast.AST]) -> ast.AST | None:
        """The nearest node around of one of these kinds."""
        current = self.index.parents.get(node)
        while current is not None and not isinstance(current, kinds):
            current = self.index.parents.get(current)
        return current

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The statement a node is part of."""
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt):
            current = self.index.parents.get(current)
        return current

    def function_around(self, node: ast.AST) -> FunctionNode | ast.Lambda | None:
        """The function whose code the node is; None at module and class level."""
        current: ast.AST | None = self.index.scope_at(node).node
        while current is not None and not isinstance(current, (*FUNCTIONS, ast.Lambda)):
            if isinstance(current, ast.ClassDef | ast.Module):
                return None
            current = self.index.scope_at(current).node
        return current

    def class_around(self, node: ast.AST) -> Class | None:
        """The class a method belongs to; None for functions outside classes."""
        parent = self.index.parents.get(node)
        return self.project.class_at(parent, self.module) if isinstance(parent, ast.ClassDef) else None

    def scope(self, node: ast.AST) -> Scope:
        """The scope a node stands in."""
        return self.index.scope_at(node)

    def method(self, node: FunctionNode) -> Function:
        """The function a definition in a class body makes."""
        return self.project.function_at(node, self.module)

    def decorators(self, node: FunctionNode | ast.ClassDef) -> list[str]:
        """Qualified names of the decorators, with "()" for those that are called first."""
        return [self.project.called(decorator, self.module) for decorator in node.decorator_list]

    def exits(self, body: list[ast.stmt]) -> Exit:
        """How control can leave a block."""
        return exits.of_block(body, self.never_returns)

    def never_returns(self, call: ast.Call) -> bool:
        """Whether a call certainly does not come back: it ends the process, or all it does is raise."""
        if self.qualified(call.func) in _NEVER:
            return True
        if not isinstance(call.func, ast.Name | ast.Attribute):
            return False
        called = self.value(call.func)
        function = called.function if called is not None and called.kind == "function" else None
        if function is None or not function.transparent:
            return False
        if function.returns == "builtins.NoReturn":
            return True
        node = function.node
        if not isinstance(node, FUNCTIONS) or node not in self.index.scopes:
            return False
        return self._only_raises(node, function)

    def _only_raises(self, node: FunctionNode, function: Function) -> bool:
        if node not in self._never:
            self._never[node] = False  # a cycle is not known
            overridable = function.kind != "function" or isinstance(node, ast.AsyncFunctionDef) or is_generator(node)
            self._never[node] = not overridable and exits.of_block(node.body, self.never_returns) == Exit.RAISE
        return self._never[node]

    def in_try(self, node: ast.AST, *names: str) -> bool:
        """Whether an exception of one of these names (or any at all) raised here is caught in the same function."""
        child: ast.AST = node
        current = self.index.parents.get(node)
        while current is not None and not isinstance(current, (*FUNCTIONS, ast.Lambda)):
            if isinstance(current, ast.Try) and any(child is s for s in current.body):
                caught = {name for handler in current.handlers for name in caught_names(handler)}
                if caught & {*names, "", "Exception", "BaseException"}:
                    return True
            child, current = current, self.index.parents.get(current)
        return False

    def expects_error(self, node: ast.AST) -> bool:
        """Whether a test expects the failure: ``with raises(...)`` stands around."""
        current = self.enclosing(node, ast.With, ast.AsyncWith)
        while isinstance(current, ast.With | ast.AsyncWith):
            for item in current.items:
                text = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
                name = text.attr if isinstance(text, ast.Attribute) else getattr(text, "id", "")
                if "raises" in name.lower() or "warns" in name.lower():
                    return True
            current = self.enclosing(current, ast.With, ast.AsyncWith)
        return False

    # --- reporting ----------------------------------------------------------------------------------------------

    def report(self, rule: Rule, node: ast.AST, message: str, *, last: ast.AST | None = None) -> None:
        """Report a rule at the place of a node; the headers of compound statements count for the whole."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        if (rule.id, line, column) in self._reported:
            return
        self._reported.add((rule.id, line, column))
        self._of_rule[rule.id] += 1
        if self._of_rule[rule.id] > MAX_OF_A_RULE:
            self.unlisted += 1
            return
        end: ast.AST | None = last or node
        if isinstance(end, (*FUNCTIONS, ast.ClassDef, *_COMPOUND)):
            end = None
        end_line = getattr(end, "end_lineno", line) if end is not None else line
        end_byte = getattr(end, "end_col_offset", None) if end is not None else None
        self.findings.append(
            RawFinding(
                path=self.module.file.path,
                rule_id=rule.id,
                native_rule=rule.native,
                title=rule.title,
                message=message,
                severity=rule.severity,
                confidence=rule.confidence,
                line=line,
                end_line=end_line,
                column=self._positions.column(line, column),
                end_column=self._positions.column(end_line, end_byte) if end_byte is not None else None,
                cwe=rule.cwe,
                family=rule.family,
                failure_scenario=rule.failure_scenario,
            )
        )


def caught_names(handler: ast.ExceptHandler) -> set[str]:
    """Last parts of the names of the exceptions a handler names; "" for a bare one."""
    if handler.type is None:
        return {""}
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", "?") for kind in kinds}


_COMPOUND = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.AsyncWith,
    ast.Match,
    ast.ExceptHandler,
)
