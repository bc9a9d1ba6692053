"""CWE numbers: the families by which findings of different tools are recognised as the same."""

#: Findings of one family on one line are one finding. From the CWE hierarchy (research view, CWE-1000), cut where
#: a developer would fix both by the same change.
FAMILIES: dict[str, frozenset[int]] = {
    "command": frozenset({77, 78, 88}),
    "sql": frozenset({89, 564, 943}),
    "xss": frozenset({79, 80, 83, 87, 116}),
    "path": frozenset({22, 23, 35, 36, 73, 98, 434}),
    "code": frozenset({94, 95, 96, 470, 915, 1321, 1336}),
    "deserialization": frozenset({502}),
    "crypto": frozenset({310, 323, 325, 326, 327, 328, 329, 347, 759, 760, 780, 916, 1204, 1240}),
    "random": frozenset({330, 331, 335, 338, 340}),
    "xxe": frozenset({112, 611, 776, 827}),
    "xpath": frozenset({91, 643}),
    "ldap": frozenset({90}),
    "redirect": frozenset({601}),
    "cookie": frozenset({614, 1004, 1275}),
    "trust": frozenset({20, 501}),
    "ssrf": frozenset({441, 918}),
    "csrf": frozenset({346, 352, 693, 942}),
    "secret": frozenset({256, 257, 259, 260, 312, 313, 321, 521, 522, 523, 798}),
    "tls": frozenset({295, 297, 300, 311, 319, 757}),
    "auth": frozenset({284, 285, 287, 289, 290, 306, 639, 862, 863}),
    "exposure": frozenset({200, 201, 209, 215, 489, 497, 532, 548, 668}),
    "permission": frozenset({250, 266, 269, 276, 732}),
    "tempfile": frozenset({367, 377, 378, 379}),
    "redos": frozenset({400, 730, 770, 835, 1333}),
    "header": frozenset({74, 93, 113}),
    "log": frozenset({117}),
    "format": frozenset({134}),
    "memory": frozenset({119, 120, 121, 122, 125, 190, 242, 676, 787}),
    "supply": frozenset({494, 829, 1104, 1357, 1395}),
}

_FAMILY_OF = {number: family for family, numbers in FAMILIES.items() for number in numbers}


def family_of(cwe: int) -> str:
    """The family a CWE belongs to; one of its own ("cwe-1188") for a CWE that shares a fix with no other."""
    return _FAMILY_OF.get(cwe, f"cwe-{cwe}")
