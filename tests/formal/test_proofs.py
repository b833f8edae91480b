"""The proofs of hw/formal but the longest, and a fault of each; ``make formal`` runs all of them."""

from __future__ import annotations

import pytest

from tests.formal.faults import FAULTS
from tests.formal.proofs import proofs, prove, refute

_LONG = {"reader"}
_ONE_FAULT_EACH = {fault[0]: name for name, fault in FAULTS.items() if fault[0] not in _LONG}


@pytest.mark.parametrize(("proof", "task"), [p for p in proofs() if p[0] not in _LONG])
def test_proof_holds(proof: str, task: str) -> None:
    verdict, log = prove(proof, task)
    assert verdict == "PASS", log[-3000:]


@pytest.mark.parametrize("name", _ONE_FAULT_EACH.values())
def test_fault_is_refuted(name: str) -> None:
    verdict, log = refute(name)
    assert verdict == "FAIL", log[-3000:]


def test_every_proof_has_faults() -> None:
    """A proof that nothing refutes proves nothing."""
    assert {proof for proof, _ in proofs()} == {fault[0] for fault in FAULTS.values()}
