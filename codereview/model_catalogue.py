"""The models that are known here, with their limits and prices, and which of them do what unless told otherwise."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from codereview.domain.pricing import ModelSpec
from codereview.language_model import ModelChoice, UnknownModelPrice

#: What stands around a model's name on Bedrock: "us.anthropic." before it, "-20260928-v1:0" behind it.
_BEFORE = re.compile(r"^(?:[a-z-]+\.)?anthropic[./]")
_REVISION = re.compile(r"-v\d+(?::\d+\w*)*$|:\d+$|-latest$|\[\d+m\]$")
_DATED = re.compile(r"[-@]\d{8}$")


@dataclass(frozen=True, slots=True)
class ModelCatalogue:
    """Models by id. ``as_of`` is the day on which the prices were those; ``source`` says where they are from."""

    as_of: date
    source: str
    specs: Mapping[str, ModelSpec]
    defaults: ModelChoice

    def spec(self, model: str) -> ModelSpec:
        """The model of this name: its id, an alias, or what a provider makes of it (dated, a Bedrock id, an ARN that
        names it).

        Raises UnknownModelPrice, which says how to add it.
        """
        for name in _names(model):
            for spec in self.specs.values():
                if name in (spec.id, spec.bedrock_id, *spec.aliases):
                    return spec
        known = ", ".join(sorted(self.specs))
        raise UnknownModelPrice(
            f"there is no price for the model {model!r}, so that no budget could be kept. Describe it in a file in the"
            " form of codereview/agents/models.toml and set CODEREVIEW_MODELS_FILE to its path (where only its name is"
            f" missing, as aliases of the model it is). Known are {known}"
        )

    def choice(self, *, main: str = "", cheap: str = "", fallbacks: Sequence[str] = ()) -> ModelChoice:
        """Which models do what, by the catalogue's defaults where nothing is asked for; ``("none",)``: no fallbacks.

        The main model is never its own fallback. Raises UnknownModelPrice.
        """
        chosen = main or self.defaults.main
        others = () if tuple(fallbacks) == ("none",) else tuple(fallbacks) or self.defaults.fallbacks
        first, small = self.spec(chosen).id, cheap or self.defaults.cheap
        self.spec(small)
        return ModelChoice(
            main=chosen,
            cheap=small,
            fallbacks=tuple(model for model in others if self.spec(model).id != first),
        )

    def bedrock_id(self, model: str) -> str:
        """The id to ask Bedrock for: an id or ARN of Bedrock's as it is, else that of the known model.

        Raises UnknownModelPrice.
        """
        if model.startswith("arn:") or "anthropic." in model:
            return model
        return self.spec(model).bedrock_id or model


def _names(model: str) -> tuple[str, ...]:
    """What the name may mean, as it is first."""
    bare = _BEFORE.sub("", model.strip().lower().rpartition("/")[2] if model.startswith("arn:") else model.lower())
    revised = _REVISION.sub("", bare)
    return (model, bare, revised, _DATED.sub("", revised))
