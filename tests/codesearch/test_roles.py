"""What a file is for, by its path."""

from __future__ import annotations

import pytest

from codesearch.roles import Role, roles


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("tests/test_retry.py", Role.TEST),
        ("pkg/conftest.py", Role.TEST),
        ("geo/route_test.go", Role.TEST),
        ("web/src/apiClient.test.ts", Role.TEST),
        ("web/__tests__/cart.js", Role.TEST),
        ("spec/invoice_spec.rb", Role.TEST),
        ("src/test/java/LabelPrinterTest.java", Role.TEST),
        ("examples/quickstart.py", Role.EXAMPLE),
        ("docs/conf.py", Role.EXAMPLE),
        ("benchmarks/peers.py", Role.EXAMPLE),
        ("pkg/compat/retry.py", Role.LEGACY),
        ("web/vendor/debounce.js", Role.LEGACY),
        ("pkg/_compat.py", Role.LEGACY),
        ("types/index.d.ts", Role.DECLARATIONS),
        ("pkg/retry.pyi", Role.DECLARATIONS),
        ("pkg/__init__.py", Role.REEXPORT),
        ("web/src/index.ts", Role.REEXPORT),
        ("src/net/mod.rs", Role.REEXPORT),
        ("README.md", Role.PROSE),
        ("config/app.yaml", Role.PROSE),
    ],
)
def test_a_path_shows_what_its_file_is_for(path, role):
    assert role in roles(path)


@pytest.mark.parametrize(
    "path",
    ["src/retry.py", "lib/latest.js", "contest/rank.go", "src/attestation/sign.rs", "pkg/doctor.py", "src/example.py"],
)
def test_ordinary_source_has_no_role(path):
    assert roles(path) == frozenset()
