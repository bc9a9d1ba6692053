"""Java to the intermediate form. Types are known by their simple names, as rules spell them."""

from tree_sitter import Tree

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.java.statements import JavaLowering
from codereview.analysers.dataflow.lowering import damages_of


def lower(tree: Tree) -> ir.ModuleIR:
    """A parsed file in the intermediate form."""
    front_end = JavaLowering()
    body = front_end.block(tree.root_node)
    return ir.ModuleIR(body, front_end.package, damages_of(tree) + front_end.damages, front_end.nodes)
