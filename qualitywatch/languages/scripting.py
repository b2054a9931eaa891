"""Python, Ruby, PHP, Lua and Bash."""

from __future__ import annotations

from qualitywatch.languages.language import ANGLES, SLASHES, Language
from qualitywatch.languages.syntax import Binding, Shape, Syntax

PYTHON = Language(
    name="python",
    title="Python",
    suffixes=(".py", ".pyi", ".pyw"),
    shebangs=("python", "python3"),
    grammar=("tree_sitter_python", "language"),
    line_comments=("#",),
    closers=("pass",),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_definition",)),
            Shape(types=("class_definition",), kind="class"),
        ),
        patterns=(
            "(expression_statement . [(string) (concatenated_string)] @doc .)",
            "(decorated_definition) @outer",
        ),
        decorators=("decorator",),
        bases=("argument_list",),
        base_types=("identifier", "attribute", "subscript", "call"),
    ),
)

RUBY = Language(
    name="ruby",
    title="Ruby",
    suffixes=(".rb", ".rake", ".gemspec"),
    file_names=("rakefile", "gemfile"),
    shebangs=("ruby",),
    grammar=("tree_sitter_ruby", "language"),
    line_comments=("#",),
    block_comments=(("=begin", "=end"),),
    closers=("end",),
    syntax=Syntax(
        shapes=(
            Shape(types=("method", "singleton_method")),
            Shape(types=("class", "module"), kind="class"),
            Shape(types=("singleton_class",), kind="class", name="value"),
        ),
        bindings=(
            Binding(
                type="assignment",
                name="left",
                pattern="left: (constant) right: (call block: (_) @class)",
            ),
        ),
        patterns=(
            "(call arguments: (argument_list . [(string) (simple_symbol) (constant)"
            " (scope_resolution)]) block: (_) @function) @labelled",
        ),
        bodies=("body_statement", "block_body"),
        blocks=("body_statement", "block_body", "then", "else", "ensure", "do"),
        bases=("superclass",),
    ),
)

PHP = Language(
    name="php",
    title="PHP",
    suffixes=(".php", ".phtml", ".inc"),
    shebangs=("php",),
    grammar=("tree_sitter_php", "language_php"),
    line_comments=("//", "#"),
    block_comments=(SLASHES, ANGLES),
    doc_marks=("/**",),
    closers=("endif", "endforeach", "endfor", "endwhile", "endswitch"),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_definition",)),
            Shape(types=("method_declaration",), joins=True),
            Shape(types=("anonymous_function", "arrow_function"), name=""),
            Shape(
                types=(
                    "class_declaration",
                    "interface_declaration",
                    "trait_declaration",
                    "enum_declaration",
                ),
                kind="class",
            ),
        ),
        bindings=(
            Binding(
                type="assignment_expression",
                name="left",
                pattern="right: [(anonymous_function) (arrow_function)"
                " (object_creation_expression)]",
            ),
            Binding(
                type="array_element_initializer",
                name="string",
                pattern="(string) [(anonymous_function) (arrow_function)]",
            ),
        ),
        patterns=(
            "(_ arguments: (arguments . (argument (string))"
            " (argument [(anonymous_function) (arrow_function)]))) @labelled",
        ),
        blocks=("compound_statement",),
        decorators=("attribute",),
        modifiers=(
            *("abstract", "final", "static", "readonly"),
            *("public", "protected", "private"),
        ),
        bases=("base_clause", "class_interface_clause"),
    ),
)

LUA = Language(
    name="lua",
    title="Lua",
    suffixes=(".lua",),
    shebangs=("lua", "luajit"),
    grammar=("tree_sitter_lua", "language"),
    line_comments=("--",),
    block_comments=(("--[[", "]]"),),
    doc_marks=("---",),
    closers=("end",),
    syntax=Syntax(
        shapes=(
            Shape(types=("function_declaration",)),
            Shape(types=("function_definition",), name=""),
        ),
        bindings=(
            Binding(
                type="assignment_statement",
                name="variable_list/name",
                role="variable",
                splits=True,
                pattern="(variable_list) (expression_list (function_definition))",
            ),
            Binding(
                type="assignment_statement",
                name="variable_list/name",
                role="variable",
                splits=True,
                pattern="(variable_list) (expression_list (table_constructor))",
            ),
            Binding(type="field", pattern="value: (function_definition)"),
        ),
        patterns=(
            "(function_call arguments: (arguments . (string) (function_definition)))"
            " @labelled",
            "(hash_bang_line) @shebang",
        ),
    ),
)

BASH = Language(
    name="bash",
    title="Bash",
    suffixes=(".sh", ".bash", ".zsh", ".ksh", ".bats"),
    shebangs=("sh", "bash", "zsh", "dash", "ksh"),
    grammar=("tree_sitter_bash", "language"),
    line_comments=("#",),
    closers=("fi", "done", "esac", "then", "do"),
    syntax=Syntax(
        shapes=(Shape(types=("function_definition",)),),
        blocks=("compound_statement", "subshell", "do_group", "case_item"),
    ),
)
