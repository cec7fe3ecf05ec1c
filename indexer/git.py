"""How git is called: without prompts, hooks, or anything else that a repository's own settings could run."""

from __future__ import annotations

import os

# What ``git rev-parse --local-env-vars`` lists: set while git runs a hook, they would point git at that repository.
_REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR",
    "GIT_NAMESPACE", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
)  # fmt: skip

_ASKING_VARIABLES = ("GIT_ASKPASS", "SSH_ASKPASS")

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "core.askPass=",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "advice.detachedHead=false",
)


def git_command(*arguments: str) -> list[str]:
    """The command line that runs git with ``arguments`` and the settings that make it safe to do so anywhere."""
    return ["git", *(part for setting in _SETTINGS for part in ("-c", setting)), *arguments]


def git_environment(protocols: str = "") -> dict[str, str]:
    """This process's environment for ``git_command``; messages come in English and nothing asks for a password.

    ``protocols`` are the only ones git may use, joined by ``:`` (GIT_ALLOW_PROTOCOL beats every setting); with none
    a partial clone cannot fetch what it lacks either.
    """
    left_out = {*_REPOSITORY_VARIABLES, *_ASKING_VARIABLES}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    return environment | {
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "SSH_ASKPASS_REQUIRE": "never",
    }
