"""Python source as a tree of `ast` nodes, whatever Python runs us: built from tree-sitter, with error recovery."""

from codereview.analysers.bugs.syntax.builder import SyntaxTree, build
from codereview.analysers.bugs.syntax.nodes import Opaque, TemplateStr, TypeAlias, Unparsed

__all__ = ["Opaque", "SyntaxTree", "TemplateStr", "TypeAlias", "Unparsed", "build"]
