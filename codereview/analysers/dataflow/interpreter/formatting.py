"""Formatting: strings put together by templates, with the pieces kept apart."""

from codereview.analysers.dataflow.interpreter.folding import concatenate
from codereview.analysers.dataflow.interpreter.methods import read_entry
from codereview.analysers.dataflow.values import (
    MAX_ITEMS,
    UNKNOWN,
    Value,
    entry_of,
    merge_flows,
    tainted,
)


def format_text(receiver: Value, args: list[Value], keywords: dict[str, Value]) -> Value | None:
    """``"… {} …".format(…)``: the pieces in order."""
    template = receiver.single
    if not isinstance(template, str) or receiver.flows:
        return None
    pieces: list[Value] = []
    position = 0
    text = template.replace("{{", "\0").replace("}}", "\1")
    while True:
        before, opened, after = text.partition("{")
        pieces.append(Value(consts=(before.replace("\0", "{").replace("\1", "}"),)))
        if not opened:
            return concatenate(pieces)
        field, closed, text = after.partition("}")
        if not closed:
            return None
        name = field.partition(":")[0].partition("!")[0]
        if not name:
            name, position = str(position), position + 1
        pieces.append(_argument(name, args, keywords))


def _argument(field: str, args: list[Value], keywords: dict[str, Value]) -> Value:
    name, bracket, rest = field.partition("[")
    if bracket:
        return read_entry(_argument(name, args, keywords), Value(consts=(rest.rstrip("]"),)))
    if name.isdigit() and int(name) < len(args):
        return args[int(name)]
    if name in keywords:
        return keywords[name]
    return _anything([*args, *keywords.values()])


def percent_format(template: Value, argument: Value) -> Value | None:
    """``"… %s …" % argument``: the pieces in order; printf-like functions too."""
    text = template.single
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if not isinstance(text, str) or template.flows:
        return None
    values = list(argument.items) if argument.items is not None and argument.rest is None else None
    pieces: list[Value] = []
    rest = text.replace("%%", "\0")
    index = 0
    while True:
        before, sign, after = rest.partition("%")
        pieces.append(Value(consts=(before.replace("\0", "%"),)))
        if not sign:
            return concatenate(pieces)
        name, after = _mapping_key(after)
        after = after.lstrip("#0- +.123456789*lh")
        verb, rest = after[:1], after[1:]
        if name:
            piece = entry_of(argument, name) or _anything([argument])
        elif values is not None:
            piece = values[index] if index < len(values) else UNKNOWN
        else:
            piece = argument if not argument.is_container else _anything([argument])
        index += 1
        pieces.append(Value() if verb in ("d", "i", "f", "x", "X", "e", "g", "o", "t", "c") and verb else piece)


def _mapping_key(text: str) -> tuple[str, str]:
    if text.startswith("("):
        name, closed, after = text[1:].partition(")")
        if closed:
            return name, after
    return "", text


def join_text(receiver: Value, args: list[Value]) -> Value | None:
    """``separator.join(items)``."""
    if len(args) != 1:
        return None
    items = args[0].items
    if items is None or args[0].rest is not None or len(items) > MAX_ITEMS:
        return Value(flows=merge_flows(receiver.flows, args[0].deep))
    pieces: list[Value] = []
    for index, item in enumerate(items):
        pieces += [receiver, item] if index else [item]
    return tainted(concatenate(pieces), args[0].flows)


def _anything(values: list[Value]) -> Value:
    flows = values[0].deep if values else ()
    for value in values[1:]:
        flows = merge_flows(flows, value.deep)
    return Value(flows=flows)
