"""The base class of everything that crosses a process boundary."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """An immutable value; snake_case in Python, camelCase on the wire, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        ser_json_inf_nan="null",
    )

    def to_json(self) -> str:
        """The wire form: camelCase JSON."""
        return self.model_dump_json(by_alias=True)

    def to_wire(self) -> dict[str, object]:
        """The wire form as plain JSON types."""
        return self.model_dump(mode="json", by_alias=True)
