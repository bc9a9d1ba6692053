"""JavaScript and TypeScript (JSX too) to the intermediate form."""

from tree_sitter import Tree

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.javascript.statements import ScriptLowering
from codereview.analysers.dataflow.lowering import damages_of


def lower(tree: Tree) -> ir.ModuleIR:
    """A parsed file in the intermediate form."""
    front_end = ScriptLowering()
    body = front_end.block(tree.root_node)
    return ir.ModuleIR(body, damages=damages_of(tree) + front_end.damages, nodes=front_end.nodes)
