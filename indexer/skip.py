"""What is not worth indexing, and why, as a folder's or a file's name tells; ``indexer.content`` has what bytes tell.

The rules are about what people write and would search for. Whatever a tool wrote (bundles, lock files, parsers
made from a grammar) or another project owns (installed packages, vendored copies) only hides the answer.
Every skip is counted by reason in a ``Skipped``; ``!pattern`` in a ``.codesearchignore`` lifts a skip by name.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

EXAMPLES_KEPT = 5


class SkipReason(str, Enum):
    """Why a file or folder is not indexed; the value is the wording that users see."""

    BINARY = "binary"
    MINIFIED = "minified"
    GENERATED = "generated"
    VENDORED = "vendored"
    BUILD_OUTPUT = "build output or cache"
    LOCK_FILE = "lock file"
    DATA = "data, not code"
    TOO_LARGE = "too large"
    EXCLUDED = "excluded"
    SYMLINK = "symbolic link"
    SPECIAL = "not a regular file"
    UNREADABLE = "unreadable"
    VANISHED = "vanished while being read"
    OUTSIDE = "outside of the root"
    CRASHED = "crashed the parser"
    SUBMODULE = "submodule that is not checked out"


@dataclass(slots=True)
class Skipped:
    """Counts what was skipped, with a few example paths a reason; a folder counts once and ends in ``/``.

    ``notes`` holds whole lines that must be told to the user, such as why git could not be asked for the files.
    """

    counts: dict[SkipReason, int] = field(default_factory=dict)
    examples: dict[SkipReason, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, reason: SkipReason, path: str) -> None:
        """Count ``path``, given as in ``FoundFile.path``."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        kept = self.examples.setdefault(reason, [])
        if len(kept) < EXAMPLES_KEPT:
            kept.append(path)


# Folders ---------------------------------------------------------------------------------------------------------

_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"})

# Installed or copied packages: nobody develops a project inside folders of these names, tracked or not.
_VENDORED = frozenset(
    {
        "node_modules", "bower_components", "jspm_packages", "site-packages", "dist-packages", "third_party",
        "third-party", "thirdparty", "3rdparty", "vendored", "_vendor", ".venv", ".virtualenv", "Pods", "Carthage",
        "elm-stuff", ".yarn", ".pnpm-store",
    }
)  # fmt: skip

# Written by tools under names that no one chooses for source.
_BUILD_OUTPUT = frozenset(
    {
        "__pycache__", "__pypackages__", ".tox", ".nox", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache",
        ".hypothesis", ".ipynb_checkpoints", ".next", ".nuxt", ".svelte-kit", ".parcel-cache", ".turbo", ".angular",
        ".nyc_output", ".gradle", ".stack-work", "dist-newstyle", ".zig-cache", "zig-cache", "zig-out", ".terraform",
        ".dart_tool", "DerivedData", ".bloop", ".metals", ".elixir_ls", ".ccls-cache", ".clangd",
    }
)  # fmt: skip

# ``vendor`` is also a word of many trades (an online shop has vendors), so below the top level it only counts as
# vendored when a package manager has left its mark: Go, Composer, Bundler, Cargo.
_VENDOR_MARKS = ("modules.txt", "autoload.php", "composer", "bundle", ".cargo-checksum.json")

# ``build``, ``target`` and the like are often source as well (a package called ``build``), so a tracked one is kept
# and an untracked one is output only beside the file that a build system starts from.
_OUTPUT_BESIDE: dict[str, tuple[str, ...]] = {
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    "build": (
        "setup.py", "pyproject.toml", "CMakeLists.txt", "meson.build", "package.json", "build.gradle",
        "build.gradle.kts", "pubspec.yaml",
    ),
    "dist": ("package.json", "setup.py", "pyproject.toml"),
    "out": ("package.json", "CMakeLists.txt", "build.gradle", "foundry.toml"),
    "obj": ("bin",),
    "_build": ("mix.exs", "dune-project", "rebar.config"),
    "deps": ("mix.exs", "rebar.config"),
    "coverage": ("package.json",),
    "htmlcov": (".coverage", "setup.py", "pyproject.toml"),
}  # fmt: skip


def is_version_control(name: str) -> bool:
    """Whether a folder of this name holds a version-control system's own files, which are passed over uncounted."""
    return name in _VERSION_CONTROL


def folder_skip_reason(folder: str, *, tracked: bool, at_top: bool) -> SkipReason | None:
    """Why the folder is skipped as a whole, by its name and the marks that tools leave in or beside it.

    ``folder`` is a path that can be opened. ``tracked`` says that git tracks files in it; ``at_top`` that it lies
    directly in the indexed root. Looks only whether a few names exist, and reads nothing.
    """
    parent, _, name = folder.rpartition("/")
    if name in _VENDORED or os.path.lexists(f"{folder}/pyvenv.cfg"):
        return SkipReason.VENDORED
    if name in _BUILD_OUTPUT or name.endswith(".egg-info"):
        return SkipReason.BUILD_OUTPUT
    if name == "vendor" and (at_top or any(os.path.lexists(f"{folder}/{mark}") for mark in _VENDOR_MARKS)):
        return SkipReason.VENDORED
    # A tracked ``dist`` beside a package.json is the published bundle: the same functions a second time.
    beside = ("package.json",) if tracked and name == "dist" else () if tracked else _OUTPUT_BESIDE.get(name, ())
    if any(os.path.lexists(f"{parent}/{sibling}") for sibling in beside):
        return SkipReason.BUILD_OUTPUT
    # Marks a cache by its own word: https://bford.info/cachedir/
    if not tracked and os.path.lexists(f"{folder}/CACHEDIR.TAG"):
        return SkipReason.BUILD_OUTPUT
    return None


# Files, by name --------------------------------------------------------------------------------------------------

_BINARY = """
    png jpg jpeg gif bmp ico icns webp avif heic tif tiff psd xcf ai eps cr2 nef dds ktx tga hdr exr blend fbx glb
    mp3 mp4 m4a m4v wav flac ogg oga ogv opus aac aiff mid midi avi mov mkv webm wmv flv mpg mpeg swf
    ttf otf woff woff2 eot ttc pfb pfm
    zip gz tgz bz2 tbz xz txz zst lz4 lzma 7z rar tar cab iso dmg img deb rpm apk aab ipa msi jar war ear aar whl egg
    gem nupkg crx xpi vsix pack idx br
    exe dll so dylib a lib o obj ko pdb class pyc pyo pyd elc beam wasm bc rlib rmeta hi dcu nib swiftmodule dex ilk
    pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi djvu chm
    db sqlite sqlite3 db3 mdb accdb ibd rdb dbf parquet feather arrow orc avro npy npz mat h5 hdf5 nc rds rda rdata
    pkl pickle joblib pt pth ckpt onnx safetensors gguf ggml tflite pb bin mlmodel pbf gmo keystore jks
    p12 pfx der cer pcap pcapng shp gpkg mmdb fits dcm nii swp swo
"""

_DATA = "svg csv tsv jsonl ndjson geojson po pot xlf xliff"

_BY_EXTENSION = {
    **dict.fromkeys(_BINARY.split(), SkipReason.BINARY),
    **dict.fromkeys(_DATA.split(), SkipReason.DATA),
    "map": SkipReason.MINIFIED,
    "lock": SkipReason.LOCK_FILE,
}

_LOCK_FILES = frozenset(
    {
        "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "bun.lockb", "deno.lock", "go.sum",
        "go.work.sum", "gradle.lockfile", "packages.lock.json", "package.resolved", "conda-lock.yml", "shard.lock",
        "cabal.project.freeze", "stack.yaml.lock", ".terraform.lock.hcl", "module.bazel.lock",
    }
)  # fmt: skip

_MINIFIED_ENDS = (
    ".min.js", "-min.js", ".min.mjs", ".min.cjs", ".min.css", "-min.css", ".min.html", ".bundle.js", ".chunk.js",
    ".chunk.css",
)  # fmt: skip

_GENERATED_ENDS = (
    "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".pb.go", ".pb.gw.go", ".pb.cc", ".pb.h", ".pb.swift", "_pb.js", "_pb.d.ts",
    "_pb.rb", ".g.dart", ".freezed.dart", ".g.cs", ".g.i.cs", ".designer.cs",
)  # fmt: skip


@lru_cache(maxsize=1 << 15)
def name_skip_reason(name: str) -> SkipReason | None:
    """Why a file of this name (without folders) is skipped before it is opened."""
    lowered = name.lower()
    reason = _BY_EXTENSION.get(lowered.rpartition(".")[2]) if "." in lowered else None
    if reason is not None:
        return reason
    if lowered in _LOCK_FILES:
        return SkipReason.LOCK_FILE
    if lowered.endswith(_MINIFIED_ENDS):
        return SkipReason.MINIFIED
    return SkipReason.GENERATED if lowered.endswith(_GENERATED_ENDS) else None
