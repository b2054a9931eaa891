"""The languages that have a grammar, each an official wheel."""

from __future__ import annotations

from qualitywatch.languages.language import Language

SLASHES = ("/*", "*/")
ANGLES = ("<!--", "-->")

_JS_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
_JS_CLASSES = frozenset({"class_declaration", "class"})
_TS_CLASSES = _JS_CLASSES | {
    "abstract_class_declaration",
    "interface_declaration",
    "internal_module",
    "module",
}

PARSED = (
    Language(
        name="python",
        title="Python",
        suffixes=(".py", ".pyi", ".pyw"),
        shebangs=("python", "python3"),
        grammar=("tree_sitter_python", "language"),
        line_comments=("#",),
        functions=frozenset({"function_definition"}),
        classes=frozenset({"class_definition"}),
    ),
    Language(
        name="javascript",
        title="JavaScript",
        suffixes=(".js", ".mjs", ".cjs"),
        shebangs=("node",),
        grammar=("tree_sitter_javascript", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=_JS_FUNCTIONS,
        classes=_JS_CLASSES,
    ),
    Language(
        name="jsx",
        title="JSX",
        suffixes=(".jsx",),
        grammar=("tree_sitter_javascript", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=_JS_FUNCTIONS,
        classes=_JS_CLASSES,
    ),
    Language(
        name="typescript",
        title="TypeScript",
        suffixes=(".ts", ".mts", ".cts"),
        grammar=("tree_sitter_typescript", "language_typescript"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=_JS_FUNCTIONS,
        classes=_TS_CLASSES,
    ),
    Language(
        name="tsx",
        title="TSX",
        suffixes=(".tsx",),
        grammar=("tree_sitter_typescript", "language_tsx"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=_JS_FUNCTIONS,
        classes=_TS_CLASSES,
    ),
    Language(
        name="go",
        title="Go",
        suffixes=(".go",),
        grammar=("tree_sitter_go", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset({"function_declaration", "method_declaration"}),
        classes=frozenset({"type_spec"}),
    ),
    Language(
        name="rust",
        title="Rust",
        suffixes=(".rs",),
        grammar=("tree_sitter_rust", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset({"function_item"}),
        classes=frozenset(
            {"impl_item", "trait_item", "mod_item", "struct_item", "enum_item"}
        ),
    ),
    Language(
        name="java",
        title="Java",
        suffixes=(".java",),
        grammar=("tree_sitter_java", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset(
            {
                "method_declaration",
                "constructor_declaration",
                "compact_constructor_declaration",
            }
        ),
        classes=frozenset(
            {
                "class_declaration",
                "interface_declaration",
                "enum_declaration",
                "record_declaration",
                "annotation_type_declaration",
            }
        ),
    ),
    Language(
        name="c",
        title="C",
        suffixes=(".c", ".h"),
        grammar=("tree_sitter_c", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset({"function_definition"}),
    ),
    Language(
        name="cpp",
        title="C++",
        suffixes=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".inl"),
        grammar=("tree_sitter_cpp", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset({"function_definition"}),
        classes=frozenset(
            {"class_specifier", "struct_specifier", "namespace_definition"}
        ),
    ),
    Language(
        name="csharp",
        title="C#",
        suffixes=(".cs", ".csx"),
        grammar=("tree_sitter_c_sharp", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset(
            {
                "method_declaration",
                "constructor_declaration",
                "destructor_declaration",
                "local_function_statement",
            }
        ),
        classes=frozenset(
            {
                "class_declaration",
                "struct_declaration",
                "interface_declaration",
                "record_declaration",
                "enum_declaration",
                "namespace_declaration",
            }
        ),
    ),
    Language(
        name="ruby",
        title="Ruby",
        suffixes=(".rb", ".rake", ".gemspec"),
        file_names=("rakefile", "gemfile"),
        shebangs=("ruby",),
        grammar=("tree_sitter_ruby", "language"),
        line_comments=("#",),
        block_comments=(("=begin", "=end"),),
        functions=frozenset({"method", "singleton_method"}),
        classes=frozenset({"class", "module", "singleton_class"}),
    ),
    Language(
        name="php",
        title="PHP",
        suffixes=(".php", ".phtml", ".inc"),
        shebangs=("php",),
        grammar=("tree_sitter_php", "language_php"),
        line_comments=("//", "#"),
        block_comments=(SLASHES, ANGLES),
        functions=frozenset({"function_definition", "method_declaration"}),
        classes=frozenset(
            {
                "class_declaration",
                "interface_declaration",
                "trait_declaration",
                "enum_declaration",
            }
        ),
    ),
    Language(
        name="kotlin",
        title="Kotlin",
        suffixes=(".kt", ".kts"),
        grammar=("tree_sitter_kotlin", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset({"function_declaration", "secondary_constructor"}),
        classes=frozenset({"class_declaration", "object_declaration"}),
    ),
    Language(
        name="swift",
        title="Swift",
        suffixes=(".swift",),
        shebangs=("swift",),
        grammar=("tree_sitter_swift", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset(
            {"function_declaration", "init_declaration", "deinit_declaration"}
        ),
        classes=frozenset({"class_declaration", "protocol_declaration"}),
    ),
    Language(
        name="scala",
        title="Scala",
        suffixes=(".scala", ".sc", ".sbt"),
        grammar=("tree_sitter_scala", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
        functions=frozenset({"function_definition"}),
        classes=frozenset(
            {
                "class_definition",
                "object_definition",
                "trait_definition",
                "enum_definition",
            }
        ),
    ),
    Language(
        name="lua",
        title="Lua",
        suffixes=(".lua",),
        shebangs=("lua", "luajit"),
        grammar=("tree_sitter_lua", "language"),
        line_comments=("--",),
        block_comments=(("--[[", "]]"),),
        functions=frozenset({"function_declaration", "function_definition"}),
    ),
    Language(
        name="bash",
        title="Bash",
        suffixes=(".sh", ".bash", ".zsh", ".ksh", ".bats"),
        shebangs=("sh", "bash", "zsh", "dash", "ksh"),
        grammar=("tree_sitter_bash", "language"),
        line_comments=("#",),
        functions=frozenset({"function_definition"}),
    ),
    Language(
        name="html",
        title="HTML",
        suffixes=(".html", ".htm", ".xhtml"),
        grammar=("tree_sitter_html", "language"),
        block_comments=(ANGLES,),
    ),
    Language(
        name="vue",
        title="Vue",
        suffixes=(".vue",),
        grammar=("tree_sitter_html", "language"),
        block_comments=(ANGLES,),
    ),
    Language(
        name="svelte",
        title="Svelte",
        suffixes=(".svelte",),
        grammar=("tree_sitter_html", "language"),
        block_comments=(ANGLES,),
    ),
    Language(
        name="css",
        title="CSS",
        suffixes=(".css",),
        grammar=("tree_sitter_css", "language"),
        block_comments=(SLASHES,),
    ),
    Language(
        name="json",
        title="JSON",
        suffixes=(".json", ".jsonc", ".json5", ".webmanifest"),
        grammar=("tree_sitter_json", "language"),
        line_comments=("//",),
        block_comments=(SLASHES,),
    ),
    Language(
        name="yaml",
        title="YAML",
        suffixes=(".yml", ".yaml"),
        grammar=("tree_sitter_yaml", "language"),
        line_comments=("#",),
    ),
    Language(
        name="toml",
        title="TOML",
        suffixes=(".toml",),
        grammar=("tree_sitter_toml", "language"),
        line_comments=("#",),
    ),
)
