"""Ruby."""

import re

from indexer.languages.language import Language

RUBY = Language(
    name="ruby",
    aliases=("rb",),
    extensions=(".rb", ".rake", ".gemspec", ".ru", ".podspec", ".jbuilder", ".rbw"),
    filenames=("Rakefile", "Gemfile", "Guardfile", "Vagrantfile", "Capfile", "Podfile", "Fastfile", "Brewfile"),
    interpreters=("ruby", "jruby", "rake"),
    grammar="tree_sitter_ruby",
    query="""
    (method name: (_) @name body: (_)? @body) @function
    (singleton_method name: (_) @name body: (_)? @body) @method
    (class name: (_) @name body: (_)? @body) @class
    (module name: (_) @name body: (_)? @body) @class
    (assignment left: [(identifier) (constant)] @name right: (lambda body: (_) @body)) @function
    (call method: (identifier) @keyword arguments: (argument_list . [(simple_symbol) (string)] @name)
        block: (_) @body) @method
    """,
    keywords=frozenset({b"define_method", b"define_singleton_method"}),
    line_comment=(b"#",),
    block_comment=(b"=begin", b"=end"),
    separator=re.compile(r"::|^:|[\"']"),
)
