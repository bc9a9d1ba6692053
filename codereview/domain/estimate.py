"""A forecast of what a review would cost."""

from pydantic import NonNegativeFloat, NonNegativeInt

from codereview.domain.model import Model


class Estimate(Model):
    """A forecast. ``cost_usd`` is what is expected, ``most_usd`` what it cannot exceed: every call at its limit, or the
    budget, whichever is less. Zero everywhere when no model is configured."""

    model: str = ""
    model_configured: bool = False
    files: NonNegativeInt = 0
    chunks: NonNegativeInt = 0
    calls: NonNegativeInt = 0
    input_tokens: NonNegativeInt = 0
    cached_tokens: NonNegativeInt = 0
    output_tokens: NonNegativeInt = 0
    cost_usd: NonNegativeFloat = 0.0
    most_usd: NonNegativeFloat = 0.0
    #: The day whose prices these are, e.g. "2026-10-24".
    prices_as_of: str = ""
    notes: tuple[str, ...] = ()
