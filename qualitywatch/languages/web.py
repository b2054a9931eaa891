"""JavaScript and its kin, and the languages of pages and settings."""

from __future__ import annotations

from qualitywatch.languages.language import ANGLES, SLASHES, Language
from qualitywatch.languages.syntax import Binding, Shape, Syntax

# A value that can hold a function, where a function takes the name of what holds it.
_HOLDING = (
    "[(arrow_function) (function_expression) (generator_function) (class) (object)"
    " (call_expression) (parenthesized_expression)%s]"
)
_JS_VALUE = _HOLDING % ""
_TS_VALUE = _HOLDING % " (as_expression) (satisfies_expression)"
_JS_SHAPES = (
    Shape(types=("function_declaration", "generator_function_declaration")),
    Shape(
        types=("method_definition",), is_member=True, joins=True, marks=("get", "set")
    ),
    Shape(
        types=("function_expression", "generator_function", "arrow_function"), name=""
    ),
    Shape(types=("class_declaration",), kind="class"),
    Shape(types=("class",), kind="class", name=""),
)
_TS_SHAPES = (
    *_JS_SHAPES,
    Shape(types=("abstract_class_declaration", "interface_declaration"), kind="class"),
    Shape(types=("internal_module", "module"), kind="block"),
)
_JS_PATTERNS = (
    "(call_expression arguments: (arguments . [(string) (template_string)]"
    " [(arrow_function) (function_expression)])) @labelled",
    "(export_statement (decorator)) @outer",
)
_JSX_PATTERNS = ("(jsx_expression . (comment) @jsx)",)
_MODIFIERS = (
    *("abstract", "async", "static", "override", "readonly", "declare"),
    *("public", "protected", "private"),
)


def _bindings(value: str, field: str, field_name: str) -> tuple[Binding, ...]:
    return (
        Binding(type="variable_declarator", pattern=f"value: {value}", role="variable"),
        Binding(type="assignment_expression", name="left", pattern=f"right: {value}"),
        Binding(type="pair", name="key", pattern=f"value: {value}"),
        Binding(type=field, name=field_name, pattern=f"value: {value}", role="field"),
        Binding(
            type="export_statement",
            name="",
            pattern=f"value: {value}",
            fallback="default",
        ),
    )


_JS_SYNTAX = Syntax(
    shapes=_JS_SHAPES,
    bindings=_bindings(_JS_VALUE, "field_definition", "property"),
    patterns=(
        *_JS_PATTERNS,
        *_JSX_PATTERNS,
        "(hash_bang_line) @shebang",
        "(html_comment) @comment",
    ),
    blocks=("statement_block",),
    decorators=("decorator",),
    modifiers=_MODIFIERS,
    bases=("class_heritage",),
)
_TS_SYNTAX = Syntax(
    shapes=_TS_SHAPES,
    bindings=_bindings(_TS_VALUE, "public_field_definition", "name"),
    patterns=(
        *_JS_PATTERNS,
        "(hash_bang_line) @shebang",
        "(html_comment) @comment",
        "(class_body (decorator) @attribute)",
    ),
    blocks=("statement_block",),
    decorators=("decorator",),
    modifiers=_MODIFIERS,
    bases=("class_heritage", "extends_clause", "extends_type_clause"),
    base_types=(
        "identifier",
        "member_expression",
        "type_identifier",
        "generic_type",
        "nested_type_identifier",
        "call_expression",
    ),
)
_TSX_SYNTAX = Syntax(
    shapes=_TS_SHAPES,
    bindings=_TS_SYNTAX.bindings,
    patterns=(*_TS_SYNTAX.patterns, *_JSX_PATTERNS),
    blocks=_TS_SYNTAX.blocks,
    decorators=_TS_SYNTAX.decorators,
    modifiers=_TS_SYNTAX.modifiers,
    bases=_TS_SYNTAX.bases,
    base_types=_TS_SYNTAX.base_types,
)


def _script(
    name: str, title: str, suffixes: tuple[str, ...], function: str, syntax: Syntax
) -> Language:
    module = "typescript" if "tsx" in name or "typescript" in name else "javascript"
    return Language(
        name=name,
        title=title,
        suffixes=suffixes,
        shebangs=("node",) if name == "javascript" else (),
        grammar=(f"tree_sitter_{module}", function),
        syntax=syntax,
        line_comments=("//",),
        block_comments=(SLASHES,),
        doc_marks=("/**", "///"),
    )


JAVASCRIPT = _script(
    "javascript", "JavaScript", (".js", ".mjs", ".cjs"), "language", _JS_SYNTAX
)
JSX = _script("jsx", "JSX", (".jsx",), "language", _JS_SYNTAX)
TYPESCRIPT = _script(
    "typescript",
    "TypeScript",
    (".ts", ".mts", ".cts"),
    "language_typescript",
    _TS_SYNTAX,
)
TSX = _script("tsx", "TSX", (".tsx",), "language_tsx", _TSX_SYNTAX)

_HTML_SYNTAX = Syntax(
    shapes=(Shape(types=("element",), kind="block", naming="id", is_listed=False),),
    patterns=(
        "(element (start_tag (tag_name) . (attribute))) @block",
        "(quoted_attribute_value (comment) @quoted)",
    ),
    separator=" ",
)


def _page(name: str, title: str, *suffixes: str) -> Language:
    return Language(
        name=name,
        title=title,
        suffixes=suffixes,
        grammar=("tree_sitter_html", "language"),
        syntax=_HTML_SYNTAX,
        block_comments=(ANGLES,),
    )


HTML = _page("html", "HTML", ".html", ".htm", ".xhtml")
VUE = _page("vue", "Vue", ".vue")
SVELTE = _page("svelte", "Svelte", ".svelte")

CSS = Language(
    name="css",
    title="CSS",
    suffixes=(".css",),
    grammar=("tree_sitter_css", "language"),
    block_comments=(SLASHES,),
    syntax=Syntax(
        shapes=(
            Shape(
                types=(
                    "rule_set",
                    "media_statement",
                    "supports_statement",
                    "keyframes_statement",
                    "at_rule",
                ),
                kind="block",
                naming="head",
            ),
        ),
        comments=("comment", "js_comment"),
        bodies=("block", "keyframe_block_list"),
        separator=" ",
    ),
)

JSON = Language(
    name="json",
    title="JSON",
    suffixes=(".json", ".jsonc", ".json5", ".webmanifest"),
    grammar=("tree_sitter_json", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    syntax=Syntax(
        shapes=(Shape(types=("pair",), kind="block", name="key", is_listed=False),),
        patterns=(
            "(document (object (pair value: [(object) (array)]) @block))",
            "(document (object (pair value: (object (pair value: [(object) (array)])"
            " @block))))",
        ),
    ),
)

YAML = Language(
    name="yaml",
    title="YAML",
    suffixes=(".yml", ".yaml"),
    grammar=("tree_sitter_yaml", "language"),
    line_comments=("#",),
    syntax=Syntax(
        shapes=(
            Shape(
                types=("block_mapping_pair",), kind="block", name="key", is_listed=False
            ),
        ),
        patterns=(
            "(document (block_node (block_mapping"
            " (block_mapping_pair value: (block_node)) @block)))",
            "(document (block_node (block_mapping (block_mapping_pair value:"
            " (block_node (block_mapping"
            " (block_mapping_pair value: (block_node)) @block))))))",
        ),
    ),
)

TOML = Language(
    name="toml",
    title="TOML",
    suffixes=(".toml",),
    grammar=("tree_sitter_toml", "language"),
    line_comments=("#",),
    syntax=Syntax(
        shapes=(
            Shape(types=("table", "table_array_element"), kind="block", naming="first"),
        ),
    ),
)
