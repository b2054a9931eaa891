"""C, C++, Go, Rust and Swift."""

from __future__ import annotations

from qualitywatch.languages.language import SLASHES, Language
from qualitywatch.languages.syntax import Binding, Shape, Syntax

_C_BLOCKS = ("compound_statement", "case_statement")
_C_WORDS = ("static", "inline", "extern", "constexpr", "virtual", "explicit")

GO = Language(
    name="go",
    title="Go",
    suffixes=(".go",),
    grammar=("tree_sitter_go", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_declaration",)),
            Shape(types=("method_declaration",), qualifier="receiver"),
            Shape(types=("func_literal",), name=""),
            Shape(types=("type_spec",), kind="class", is_listed=False),
        ),
        bindings=(
            Binding(
                type="short_var_declaration",
                name="left",
                pattern="right: (expression_list (func_literal))",
                role="variable",
            ),
            Binding(
                type="assignment_statement",
                name="left",
                pattern="right: (expression_list (func_literal))",
            ),
            Binding(
                type="var_spec", pattern="value: (expression_list)", role="variable"
            ),
            Binding(
                type="keyed_element",
                name="literal_element",
                pattern="(literal_element) (literal_element (func_literal))",
            ),
        ),
        patterns=(
            "(type_spec type: [(struct_type) (interface_type)]) @class",
            "(call_expression arguments: (argument_list"
            " . [(interpreted_string_literal) (raw_string_literal)]"
            " (func_literal))) @labelled",
        ),
        blocks=("block", "statement_list"),
        wrappers=("statement_list",),
    ),
)

RUST = Language(
    name="rust",
    title="Rust",
    suffixes=(".rs",),
    grammar=("tree_sitter_rust", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("///", "//!", "/**", "/*!"),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_item",)),
            Shape(
                types=("trait_item", "struct_item", "enum_item", "union_item"),
                kind="class",
                has_body=True,
            ),
            Shape(types=("impl_item",), kind="class", name="type"),
            Shape(types=("mod_item",), kind="block", has_body=True),
            Shape(types=("macro_definition",), kind="block"),
        ),
        patterns=("(attribute_item) @attribute", "(shebang) @shebang"),
        comments=("line_comment", "block_comment"),
        decorators=("attribute",),
        modifiers=("pub", "async", "unsafe", "const", "extern", "default"),
        bases=("trait_bounds",),
        base_fields=("trait",),
    ),
)

C = Language(
    name="c",
    title="C",
    suffixes=(".c", ".h"),
    grammar=("tree_sitter_c", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("///", "//!", "/**", "/*!"),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_definition",), naming="declarator"),
            Shape(
                types=("struct_specifier", "union_specifier", "enum_specifier"),
                kind="block",
                has_body=True,
            ),
        ),
        blocks=_C_BLOCKS,
        modifiers=_C_WORDS,
    ),
)

CPP = Language(
    name="cpp",
    title="C++",
    suffixes=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".inl"),
    grammar=("tree_sitter_cpp", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("///", "//!", "/**", "/*!"),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_definition",), naming="declarator", is_listed=False),
            Shape(types=("compound_statement",), name="", is_listed=False),
            Shape(types=("lambda_expression",), name=""),
            Shape(
                types=("class_specifier", "struct_specifier", "union_specifier"),
                kind="class",
                has_body=True,
            ),
            Shape(
                types=("namespace_definition", "enum_specifier", "concept_definition"),
                kind="block",
            ),
        ),
        bindings=(
            Binding(
                type="init_declarator",
                name="declarator",
                pattern="value: (lambda_expression)",
                role="variable",
            ),
        ),
        patterns=(
            "(template_declaration) @outer",
            "(function_definition declarator: [(function_declarator)"
            " (pointer_declarator) (reference_declarator) (qualified_identifier)"
            " (parenthesized_declarator) (operator_cast)]) @function",
            # With a macro before the name the grammar sees a function.
            "(function_definition type: [(class_specifier) (struct_specifier)]"
            " declarator: (identifier)) @class",
            "(function_definition type: (type_identifier)"
            " declarator: (identifier)) @block",
            # TEST_CASE("label") {
            "((expression_statement (call_expression arguments:"
            " (argument_list . (string_literal)))) @heading"
            " . (compound_statement) @function)",
        ),
        blocks=_C_BLOCKS,
        decorators=("attribute",),
        modifiers=(*_C_WORDS, "override", "final", "friend"),
        bases=("base_class_clause",),
        base_types=("type_identifier", "qualified_identifier", "template_type"),
    ),
)

SWIFT = Language(
    name="swift",
    title="Swift",
    suffixes=(".swift",),
    shebangs=("swift",),
    grammar=("tree_sitter_swift", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("///", "/**"),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_declaration",)),
            Shape(types=("init_declaration",), fallback="init"),
            Shape(types=("deinit_declaration",), fallback="deinit"),
            Shape(
                types=("computed_getter",),
                name="getter_specifier",
                is_member=True,
                joins=True,
            ),
            Shape(
                types=("computed_setter",),
                name="setter_specifier",
                is_member=True,
                joins=True,
            ),
            Shape(
                types=("computed_modify",),
                name="modify_specifier",
                is_member=True,
                joins=True,
            ),
            Shape(
                types=("willset_clause",), name="willSet", is_member=True, joins=True
            ),
            Shape(types=("didset_clause",), name="didSet", is_member=True, joins=True),
            Shape(
                types=("computed_property", "lambda_literal"), name="", is_listed=False
            ),
            Shape(types=("class_declaration", "protocol_declaration"), kind="class"),
        ),
        bindings=(
            Binding(
                type="property_declaration",
                pattern="[computed_value: (computed_property) (willset_didset_block)]",
            ),
            Binding(
                type="property_declaration", pattern="value: (lambda_literal) @function"
            ),
            Binding(
                type="subscript_declaration", name="", pattern="", fallback="subscript"
            ),
        ),
        patterns=(
            "(computed_property (statements)) @function",
            "(line_string_literal [(comment) (multiline_comment)] @quoted)",
            "(multi_line_string_literal [(comment) (multiline_comment)] @quoted)",
            "(call_expression (simple_identifier) (call_suffix (value_arguments"
            " . (value_argument (line_string_literal))) (lambda_literal) @function))"
            " @labelled",
        ),
        comments=("comment", "multiline_comment"),
        bodies=("function_body", "statements"),
        blocks=("function_body", "statements", "lambda_literal"),
        wrappers=("statements",),
        decorators=("attribute",),
        modifiers=(
            *("override", "static", "final", "open", "lazy", "mutating", "convenience"),
            *("required", "public", "private", "fileprivate", "internal"),
            "dynamic",
        ),
        bases=("inheritance_specifier",),
    ),
)
