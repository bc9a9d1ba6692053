"""Building HTML so that nothing a review says can become markup."""

from collections.abc import Iterable
from html import escape

from codereview.domain.visible import visible
from codereview.formats.safe import web_link


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(said: str, *, keep: str = "\n") -> Markup:
    """Exactly this text, what nobody sees made visible."""
    return Markup(escape(visible(said, keep=keep)))


def el(tag: str, *children: Markup | str | None, **attributes: str | bool) -> Markup:
    """An element. A child that is not `Markup` is text; an attribute's trailing underscore is dropped, inner ones are
    hyphens; False leaves an attribute out.
    """
    shown = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(str(value), keep="")}"')
        for name, value in attributes.items()
        if value is not False
    )
    return Markup(f"<{tag}{shown}>{joined(children)}</{tag}>")


def joined(children: Iterable[Markup | str | None]) -> Markup:
    """One after the other."""
    return Markup("".join(child if isinstance(child, Markup) else text(child) for child in children if child))


def link(uri: str, words: str) -> Markup:
    """A link to the web, or the words alone when the address is none."""
    address = web_link(uri)
    return el("a", words, href=address, rel="noreferrer noopener") if address else text(words)
