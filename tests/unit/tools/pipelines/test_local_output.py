"""A log keeps its first and its last part, in bounded space, and never refuses output."""

import os

import pytest

from tools.pipelines.local_output import CappedLog, copy, end_of

CAP = 400


def written(path, chunks, cap=CAP):
    log = CappedLog(path, cap)
    for chunk in chunks:
        log.add(chunk)
    log.close()
    return path.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 199, 200, 201, 300, 399, 400])
def test_what_fits_is_kept_whole(tmp_path, size):
    text = bytes(i % 251 for i in range(size))
    assert written(tmp_path / "output.log", [text[:150], text[150:]]) == text
    assert [p.name for p in tmp_path.iterdir()] == ["output.log"]


@pytest.mark.parametrize("chunk", [1, 7, 100, 1000, 5000])
@pytest.mark.parametrize("size", [401, 500, 501, 5000])
def test_the_middle_is_left_out_and_counted(tmp_path, size, chunk):
    text = b"".join(b"%09d\n" % i for i in range(size // 10 + 1))[:size]
    found = written(tmp_path / "output.log", [text[i : i + chunk] for i in range(0, size, chunk)])
    head, _, rest = found.partition(b"\n[autopilot: ")
    if not rest:
        assert found == text
        return
    cut, _, tail = rest.partition(b" bytes left out]\n")
    assert (head, tail) == (text[:200], text[-len(tail) :])
    assert 100 <= len(tail) <= 200
    assert int(cut) == size - len(head) - len(tail)


def test_the_end_is_found_while_the_command_runs(tmp_path):
    path = tmp_path / "output.log"
    log = CappedLog(path, CAP)
    assert end_of(path, 5) == b""
    log.add(b"x" * 190 + b"hello")
    assert end_of(path, 5) == b"hello"
    log.add(b"x" * 290 + b"later")
    assert end_of(path, 5) == b"later"
    log.close()
    assert end_of(path, 5) == b"later"


def test_a_disk_that_takes_nothing_more_stops_nobody(tmp_path):
    """/dev/full answers every write with "no space left on device"."""
    path = tmp_path / "output.log"
    path.symlink_to("/dev/full")
    if not path.exists():
        pytest.skip("no /dev/full here")
    source, sink = os.pipe()
    log = CappedLog(path, CAP)
    os.write(sink, b"x" * 1000)
    os.close(sink)
    copy(source, log, float("inf"), lambda: None)
    os.close(source)
    assert os.strerror(log.close()) == "No space left on device"


def test_overdue_is_told_once_and_copying_goes_on(tmp_path):
    source, sink = os.pipe()
    told = []

    def overdue():
        told.append(True)
        os.write(sink, b"late")
        os.close(sink)

    log = CappedLog(tmp_path / "output.log", CAP)
    copy(source, log, 0.0, overdue)
    os.close(source)
    assert log.close() == 0
    assert told == [True]
    assert (tmp_path / "output.log").read_bytes() == b"late"
