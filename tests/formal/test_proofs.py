"""The quick proofs of hw/formal, and faults that they must refute; ``make formal`` runs all of them."""

from __future__ import annotations

import pytest

from tests.formal.faults import FAULTS
from tests.formal.proofs import proofs, prove, refute

_QUICK = {"stream_register", "stream_fifo", "beat_order", "temporal_transform"}
_QUICK_FAULTS = ("register-drops-the-spare", "fifo-overfills", "order-forgets-the-base")


@pytest.mark.parametrize(("proof", "task"), [p for p in proofs() if p[0] in _QUICK])
def test_proof_holds(proof: str, task: str) -> None:
    verdict, log = prove(proof, task)
    assert verdict == "PASS", log[-3000:]


@pytest.mark.parametrize("name", _QUICK_FAULTS)
def test_fault_is_refuted(name: str) -> None:
    verdict, log = refute(name)
    assert verdict == "FAIL", log[-3000:]


def test_every_proof_has_faults() -> None:
    """A proof that nothing refutes proves nothing."""
    assert {proof for proof, _ in proofs()} == {fault[0] for fault in FAULTS.values()}
