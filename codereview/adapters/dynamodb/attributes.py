"""Attribute values: between JSON and DynamoDB's typed form, and how large they are by DynamoDB's reckoning."""

from collections.abc import Mapping
from typing import Any

#: A typed value as the low-level client takes and gives it, e.g. ``{"S": "text"}``.
Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]

#: Bytes that a list or map takes besides its content, and each element of one.
_CONTAINER = 3
_ELEMENT = 1
_LONGEST_KEY = 2048


def to_attribute(value: object) -> dict[str, Any]:
    """The attribute of a JSON value or of bytes. A float is rounded to six decimals: here they are dollars.

    Raises TypeError for anything else.
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, float):
        return {"N": f"{value:.6f}"}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, Mapping):
        return {"M": {str(name): to_attribute(member) for name, member in value.items()}}
    if isinstance(value, list):
        return {"L": [to_attribute(element) for element in value]}
    raise TypeError(f"{type(value).__name__} has no form in DynamoDB")


def from_attribute(attribute: Attribute) -> Any:
    """What an attribute made by `to_attribute` stands for."""
    ((kind, value),) = attribute.items()
    if kind == "NULL":
        return None
    if kind == "N":
        return float(value) if "." in value else int(value)
    if kind == "M":
        return {name: from_attribute(member) for name, member in value.items()}
    if kind == "L":
        return [from_attribute(element) for element in value]
    return value


def is_key(text: str) -> bool:
    """Whether an item can have this partition key: DynamoDB refuses to look for one that is empty or too long."""
    return 0 < len(text.encode()) <= _LONGEST_KEY


def size_of_item(item: Item) -> int:
    """Bytes of an item as DynamoDB counts them against its limit: names and values."""
    return sum(len(name.encode()) + _size(attribute) for name, attribute in item.items())


def _size(attribute: Attribute) -> int:
    ((kind, value),) = attribute.items()
    if kind in ("NULL", "BOOL"):
        return 1
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        # One byte for two significant digits and one more; the documentation says "approximately", so we round up.
        return len(value) // 2 + 2
    if kind == "M":
        return _CONTAINER + sum(len(name.encode()) + _size(member) + _ELEMENT for name, member in value.items())
    if kind == "L":
        return _CONTAINER + sum(_size(element) + _ELEMENT for element in value)
    return len(value)
