"""The languages without a grammar, read line by line: their comment marks are all.

`TEXT` is every other file that is no prose: it knows the marks of all.
"""

from __future__ import annotations

from qualitywatch.languages.language import Language
from qualitywatch.languages.parsed import ANGLES, SLASHES


def _c_like(name: str, title: str, *suffixes: str) -> Language:
    return Language(
        name=name,
        title=title,
        suffixes=suffixes,
        line_comments=("//",),
        block_comments=(SLASHES,),
        doc_marks=("/**", "///"),
    )


def _hashed(name: str, title: str, *suffixes: str) -> Language:
    return Language(name=name, title=title, suffixes=suffixes, line_comments=("#",))


PLAIN = (
    Language(
        name="sql",
        title="SQL",
        suffixes=(".sql", ".psql", ".ddl"),
        line_comments=("--",),
        block_comments=(SLASHES,),
    ),
    _c_like("dart", "Dart", ".dart"),
    Language(
        name="powershell",
        title="PowerShell",
        suffixes=(".ps1", ".psm1", ".psd1"),
        line_comments=("#",),
        block_comments=(("<#", "#>"),),
    ),
    Language(
        name="blade",
        title="Blade",
        suffixes=(".blade.php",),
        block_comments=(("{{--", "--}}"), ANGLES, SLASHES),
        line_comments=("//",),
    ),
    Language(
        name="razor",
        title="Razor",
        suffixes=(".cshtml", ".razor"),
        block_comments=(("@*", "*@"), ANGLES, SLASHES),
        line_comments=("//",),
    ),
    _c_like("prisma", "Prisma", ".prisma"),
    Language(
        name="dockerfile",
        title="Dockerfile",
        suffixes=(".dockerfile",),
        file_names=("dockerfile", "containerfile"),
        line_comments=("#",),
    ),
    Language(
        name="makefile",
        title="Makefile",
        suffixes=(".mk", ".mak"),
        file_names=("makefile", "gnumakefile"),
        line_comments=("#",),
    ),
    _c_like("scss", "SCSS", ".scss", ".sass"),
    _c_like("less", "Less", ".less"),
    _c_like("groovy", "Groovy", ".groovy", ".gradle"),
    _c_like("objective-c", "Objective-C", ".m", ".mm"),
    _c_like("solidity", "Solidity", ".sol"),
    _c_like("zig", "Zig", ".zig"),
    _c_like("protobuf", "Protocol Buffers", ".proto"),
    _hashed("graphql", "GraphQL", ".graphql", ".gql"),
    _hashed("elixir", "Elixir", ".ex", ".exs"),
    _hashed("r", "R", ".r"),
    _hashed("julia", "Julia", ".jl"),
    _hashed("perl", "Perl", ".pl", ".pm"),
    _hashed("nim", "Nim", ".nim"),
    Language(
        name="terraform",
        title="Terraform",
        suffixes=(".tf", ".tfvars", ".hcl"),
        line_comments=("#", "//"),
        block_comments=(SLASHES,),
    ),
    Language(
        name="haskell",
        title="Haskell",
        suffixes=(".hs", ".elm"),
        line_comments=("--",),
        block_comments=(("{-", "-}"),),
    ),
    Language(
        name="fsharp",
        title="F#",
        suffixes=(".fs", ".fsx"),
        line_comments=("//",),
        block_comments=(("(*", "*)"),),
    ),
    Language(
        name="ocaml",
        title="OCaml",
        suffixes=(".ml", ".mli"),
        block_comments=(("(*", "*)"),),
    ),
    Language(
        name="clojure",
        title="Clojure",
        suffixes=(".clj", ".cljs", ".cljc", ".edn", ".lisp", ".el", ".scm"),
        line_comments=(";",),
    ),
    Language(
        name="erlang",
        title="Erlang",
        suffixes=(".erl", ".hrl"),
        line_comments=("%",),
    ),
    Language(
        name="tex",
        title="TeX",
        suffixes=(".tex", ".sty", ".cls"),
        line_comments=("%",),
    ),
    Language(
        name="xml",
        title="XML",
        suffixes=(".xml", ".svg", ".xaml", ".csproj", ".plist", ".astro", ".hbs"),
        block_comments=(ANGLES,),
    ),
    Language(
        name="ini",
        title="INI",
        suffixes=(".ini", ".cfg", ".conf", ".properties", ".env"),
        line_comments=("#", ";"),
    ),
)

TEXT = Language(
    name="text",
    title="Other text",
    line_comments=("//", "#", "--", ";", "%"),
    block_comments=(SLASHES, ANGLES),
)
