"""The language of a file, by its name, its extension or its first line."""

import re

#: Language to its file extensions.
_EXTENSIONS: dict[str, str] = {
    "c": "c h",
    "clojure": "clj cljs cljc",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++",
    "csharp": "cs csx",
    "css": "css scss sass less",
    "csv": "csv tsv",
    "dart": "dart",
    "dockerfile": "dockerfile containerfile",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "go": "go",
    "graphql": "graphql gql",
    "groovy": "groovy gradle",
    "haskell": "hs lhs",
    "html": "html htm xhtml",
    "ini": "ini cfg conf properties env",
    "java": "java",
    "javascript": "js mjs cjs jsx",
    "json": "json jsonc json5 ipynb webmanifest",
    "kotlin": "kt kts",
    "lua": "lua",
    "make": "mk mak",
    "markdown": "md markdown mdx",
    "perl": "pl pm",
    "php": "php phtml",
    "powershell": "ps1 psm1 psd1",
    "protobuf": "proto",
    "python": "py pyi pyw",
    "r": "r",
    "ruby": "rb rake gemspec ru",
    "rust": "rs",
    "scala": "scala sc sbt",
    "shell": "sh bash zsh ksh dash bats",
    "solidity": "sol",
    "sql": "sql",
    "svelte": "svelte",
    "swift": "swift",
    "terraform": "tf tfvars hcl",
    "text": "txt text rst adoc log",
    "toml": "toml",
    "typescript": "ts tsx mts cts",
    "vue": "vue",
    "xml": "xml xsd xsl xslt svg plist csproj",
    "yaml": "yaml yml",
    "zig": "zig",
}
_BY_EXTENSION = {extension: name for name, extensions in _EXTENSIONS.items() for extension in extensions.split()}

#: Whole file names (lower case) that say the language by themselves.
_BY_NAME: dict[str, str] = {
    "brewfile": "ruby",
    "gemfile": "ruby",
    "gnumakefile": "make",
    "jenkinsfile": "groovy",
    "makefile": "make",
    "pipfile": "toml",
    "podfile": "ruby",
    "rakefile": "ruby",
    "sconscript": "python",
    "sconstruct": "python",
    "vagrantfile": "ruby",
    "wscript": "python",
    ".babelrc": "json",
    ".bash_profile": "shell",
    ".bashrc": "shell",
    ".env": "ini",
    ".envrc": "shell",
    ".eslintrc": "json",
    ".npmrc": "ini",
    ".profile": "shell",
    ".zshrc": "shell",
}

#: Dockerfiles with a part of their own: "Dockerfile.dev", "Dockerfile-api".
_DOCKERFILE = re.compile(r"^(?:docker|container)file(?:[._-].*)?$", re.IGNORECASE)

_SHEBANG = re.compile(r"^\ufeff?#![ \t]*(?:\S*/)?(?P<program>[^\s/]+)(?P<arguments>[^\n]{0,200})")
#: Programs of a shebang line, without the digits and dots of their version.
_INTERPRETERS: dict[str, str] = {
    "ash": "shell",
    "bash": "shell",
    "bats": "shell",
    "bun": "typescript",
    "dash": "shell",
    "deno": "typescript",
    "elixir": "elixir",
    "escript": "erlang",
    "groovy": "groovy",
    "ksh": "shell",
    "lua": "lua",
    "make": "make",
    "node": "javascript",
    "nodejs": "javascript",
    "perl": "perl",
    "php": "php",
    "pwsh": "powershell",
    "pypy": "python",
    "python": "python",
    "Rscript": "r",
    "ruby": "ruby",
    "scala": "scala",
    "sh": "shell",
    "ts-node": "typescript",
    "tsx": "typescript",
    "uv": "python",
    "zsh": "shell",
}

_DATA = frozenset(
    {"css", "csv", "graphql", "html", "ini", "json", "markdown", "protobuf", "text", "toml", "xml", "yaml"}
)
#: Languages people write programs in; the others are data, markup and prose.
PROGRAMMING: frozenset[str] = frozenset(_EXTENSIONS) - _DATA | {"make"}


def language_of(path: str, text: str = "") -> str:
    """The language's name, e.g. "python", "typescript" (.tsx too), "dockerfile"; "" when nothing tells.

    The name of the file decides; ``text`` is looked at only where the name says nothing (its shebang line).
    """
    name = path.rpartition("/")[2].lower()
    stem, _, extension = name.rpartition(".")
    # "dockerfile_reader.py" reads them; it is none.
    if _DOCKERFILE.match(name) and _BY_EXTENSION.get(extension, "") not in PROGRAMMING - {"dockerfile"}:
        return "dockerfile"
    if name in _BY_NAME:
        return _BY_NAME[name]
    if stem and extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    return language_of_shebang(text)


def extension_of(language: str) -> str:
    """The most usual extension of the language's files, without the dot; "txt" for one not known here."""
    return _EXTENSIONS.get(language, "txt").split()[0]


def language_of_shebang(text: str) -> str:
    """The language of the program the first line asks for ("#!/usr/bin/env python3"); "" without one known here."""
    match = _SHEBANG.match(text)
    if match is None:
        return ""
    program = match["program"]
    if program == "env":
        words = [word for word in match["arguments"].split() if not word.startswith("-") and "=" not in word]
        program = words[0].rpartition("/")[2] if words else ""
    return _INTERPRETERS.get(program) or _INTERPRETERS.get(program.rstrip("0123456789.-"), "")
