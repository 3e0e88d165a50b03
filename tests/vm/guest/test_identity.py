# SPDX-License-Identifier: Apache-2.0
"""Whose samples they are when one pid is many programs and one address many libraries: kernels
differ in when they report what. How many samples there are is judged elsewhere."""
from test_processes import OWN, assert_no_wrong_names, record_while, samples_of, workload  # noqa: F401


def test_program_that_execs_is_told_apart_each_time(hearth, workload):  # noqa: F811
    _, rows, s = record_while(hearth, [workload("work-a"), "10", "100", workload("work-b")])
    assert not s["samples"]["lost"]
    assert_no_wrong_names(rows)
    for comm, function in OWN.items():
        assert samples_of(rows, comm, function) > 50, (comm, samples_of(rows, comm))


def test_library_at_the_address_of_another_is_told_apart(hearth, workload):  # noqa: F811
    (same,), rows, _ = record_while(hearth, [workload("swap"), workload("libspin-a.so"), workload("libspin-b.so"), "50", "20"])
    assert same >= 15, "the libraries did not take each other's place"
    for mine, other in (("a", "b"), ("b", "a")):
        inside = [(frames, n) for frames, n in rows if "run_" + mine in frames]
        assert not [frames for frames, _ in inside if "library_spin_" + other in frames]
        assert sum(n for frames, n in inside if "library_spin_" + mine in frames) > 50, inside[:3]
