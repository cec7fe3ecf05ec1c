"""Bash and the shells like it."""

from indexer.languages.language import Language

BASH = Language(
    name="bash",
    aliases=("sh", "shell", "zsh"),
    extensions=(".sh", ".bash", ".zsh", ".ksh", ".bats", ".command"),
    filenames=(".bashrc", ".bash_profile", ".bash_aliases", ".profile", ".zshrc", ".zshenv", "PKGBUILD"),
    interpreters=("bash", "sh", "zsh", "dash", "ksh", "ash", "bats"),
    grammar="tree_sitter_bash",
    query="(function_definition name: (_) @name body: (_) @body) @function",
    line_comment=(b"#",),
    block_comment=None,
)
