"""Java, C#, Kotlin and Scala."""

from __future__ import annotations

from qualitywatch.languages.language import SLASHES, Language
from qualitywatch.languages.syntax import Binding, Shape, Syntax

_WORDS = (
    *("abstract", "static", "final", "override", "sealed", "open", "default"),
    *("public", "protected", "private", "internal", "async"),
)

JAVA = Language(
    name="java",
    title="Java",
    suffixes=(".java",),
    grammar=("tree_sitter_java", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("/**",),
    syntax=Syntax(
        shapes=(
            Shape(
                types=(
                    "method_declaration",
                    "constructor_declaration",
                    "compact_constructor_declaration",
                ),
                joins=True,
            ),
            Shape(
                types=(
                    "class_declaration",
                    "interface_declaration",
                    "enum_declaration",
                    "record_declaration",
                    "annotation_type_declaration",
                ),
                kind="class",
            ),
        ),
        bindings=(
            Binding(
                type="variable_declarator",
                pattern="value: (object_creation_expression (class_body))",
            ),
            Binding(type="enum_constant", pattern="body: (class_body)"),
        ),
        comments=("line_comment", "block_comment"),
        blocks=("block", "constructor_body", "switch_block_statement_group"),
        decorators=("annotation", "marker_annotation"),
        modifiers=(*_WORDS, "native", "synchronized"),
        bases=("superclass", "super_interfaces", "extends_interfaces", "type_list"),
    ),
)

CSHARP = Language(
    name="csharp",
    title="C#",
    suffixes=(".cs", ".csx"),
    grammar=("tree_sitter_c_sharp", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("///", "/**"),
    syntax=Syntax(
        shapes=(
            Shape(
                types=(
                    "method_declaration",
                    "constructor_declaration",
                    "local_function_statement",
                ),
                qualifier="explicit_interface_specifier",
            ),
            Shape(types=("destructor_declaration",), prefix="~"),
            Shape(types=("operator_declaration",), naming="operator"),
            Shape(types=("conversion_operator_declaration",), naming="operator"),
            Shape(
                types=("accessor_declaration",),
                has_body=True,
                is_member=True,
                joins=True,
            ),
            Shape(types=("arrow_expression_clause",), name="", is_listed=False),
            Shape(
                types=(
                    "class_declaration",
                    "struct_declaration",
                    "interface_declaration",
                    "record_declaration",
                ),
                kind="class",
            ),
            Shape(types=("enum_declaration", "namespace_declaration"), kind="block"),
        ),
        bindings=(
            Binding(
                type="property_declaration",
                pattern="value: (arrow_expression_clause) @function",
            ),
            Binding(type="property_declaration", pattern="accessors: (accessor_list)"),
            Binding(type="indexer_declaration", name="", pattern="", fallback="this"),
            Binding(type="event_declaration", pattern=""),
        ),
        blocks=("block", "switch_section", "arrow_expression_clause"),
        decorators=("attribute",),
        modifiers=(*_WORDS, "virtual", "partial", "extern", "readonly", "new"),
        bases=("base_list",),
    ),
)

KOTLIN = Language(
    name="kotlin",
    title="Kotlin",
    suffixes=(".kt", ".kts"),
    grammar=("tree_sitter_kotlin", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("/**",),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_declaration",), qualifier="user_type", joins=True),
            Shape(types=("secondary_constructor",), name="", fallback="constructor"),
            Shape(types=("anonymous_initializer",), name="", fallback="init"),
            Shape(
                types=("getter",), name="", fallback="get", is_member=True, joins=True
            ),
            Shape(
                types=("setter",), name="", fallback="set", is_member=True, joins=True
            ),
            Shape(types=("lambda_literal",), name="", is_listed=False),
            Shape(types=("anonymous_function",), name=""),
            Shape(types=("class_declaration", "object_declaration"), kind="class"),
            Shape(types=("companion_object",), kind="class", fallback="Companion"),
        ),
        bindings=(
            Binding(
                type="property_declaration",
                name="variable_declaration/identifier",
                pattern="[(getter) (setter) (anonymous_function) (object_literal)]",
            ),
            Binding(
                type="property_declaration",
                name="variable_declaration/identifier",
                pattern="(lambda_literal) @function",
            ),
        ),
        patterns=(
            "(call_expression (call_expression (identifier) (value_arguments"
            " . (value_argument (string_literal))))"
            " (annotated_lambda (lambda_literal) @function)) @labelled",
        ),
        comments=("line_comment", "block_comment"),
        bodies=("function_body", "block", "class_body", "enum_class_body"),
        blocks=("function_body", "block", "lambda_literal"),
        wrappers=("block",),
        decorators=("annotation",),
        modifiers=(
            *_WORDS,
            "suspend",
            "inline",
            "operator",
            "external",
            "enum",
            "data",
        ),
        bases=(
            "delegation_specifiers",
            "delegation_specifier",
            "constructor_invocation",
        ),
        base_types=("user_type",),
    ),
)

SCALA = Language(
    name="scala",
    title="Scala",
    suffixes=(".scala", ".sc", ".sbt"),
    grammar=("tree_sitter_scala", "language"),
    line_comments=("//",),
    block_comments=(SLASHES,),
    doc_marks=("/**",),
    closers=("end",),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_definition",), joins=True),
            Shape(
                types=(
                    "class_definition",
                    "object_definition",
                    "trait_definition",
                    "enum_definition",
                ),
                kind="class",
            ),
            Shape(types=("given_definition",), kind="class", fallback="given"),
        ),
        bindings=(
            Binding(
                type="val_definition",
                name="pattern",
                pattern="value: (instance_expression (template_body))",
            ),
        ),
        patterns=(
            "(call_expression function: (call_expression arguments:"
            " (arguments . (string))) arguments: (block) @function) @labelled",
            "(infix_expression left: (call_expression"
            " arguments: (arguments . (string))) right: (block) @function) @labelled",
        ),
        comments=("comment", "block_comment"),
        blocks=("block", "indented_block", "case_clause"),
        decorators=("annotation",),
        modifiers=(*_WORDS, "implicit", "lazy", "inline", "case"),
        bases=("extends_clause",),
        base_types=("type_identifier", "generic_type", "stable_type_identifier"),
    ),
)
