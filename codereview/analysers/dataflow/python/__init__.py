"""Python to the intermediate form, by the tree-sitter grammar: any version of the language, whatever runs this."""

from tree_sitter import Tree

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.lowering import damages_of
from codereview.analysers.dataflow.python.statements import PythonLowering


def lower(tree: Tree) -> ir.ModuleIR:
    """A parsed file in the intermediate form."""
    front_end = PythonLowering()
    body = front_end.block(tree.root_node)
    return ir.ModuleIR(body, damages=damages_of(tree) + front_end.damages, nodes=front_end.nodes)
