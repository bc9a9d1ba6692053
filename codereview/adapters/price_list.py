"""Reading price lists of AWS: the packaged one, or a file of the same form."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path

from codereview.errors import ConfigurationError

_PACKAGED = "aws_prices.toml"


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices of one region, and of when and where they are."""

    region: str
    as_of: date
    source: str
    prices: dict[str, Decimal]


def read_prices(region: str, path: Path | None = None) -> PriceList:
    """The prices of a region. Raises ConfigurationError for a list that cannot be read or lacks the region."""
    name = str(path or _PACKAGED)
    try:
        text = path.read_text("utf-8") if path else files(__package__).joinpath(_PACKAGED).read_text("utf-8")
        document = tomllib.loads(text)
        regions = document["regions"]
        if region not in regions:
            raise ConfigurationError(f"{name} has no prices of {region}; it has {', '.join(sorted(regions))}")
        own = dict(regions[region])
        merged = {**regions.get(own.pop("like", ""), {}), **own}
        merged.pop("like", None)
        prices = {key: Decimal(value) for key, value in merged.items()}
        return PriceList(region, document["as_of"], document["source"], prices)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError, InvalidOperation) as error:
        raise ConfigurationError(f"{name} is no price list: {error}") from error
