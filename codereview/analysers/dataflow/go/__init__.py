"""Go to the intermediate form. Packages are known by their import paths."""

from tree_sitter import Tree

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.go.statements import GoLowering
from codereview.analysers.dataflow.lowering import damages_of


def lower(tree: Tree) -> ir.ModuleIR:
    """A parsed file in the intermediate form."""
    front_end = GoLowering()
    body = front_end.file(tree.root_node)
    return ir.ModuleIR(body, front_end.package, damages_of(tree) + front_end.damages, front_end.nodes)
