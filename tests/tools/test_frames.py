from __future__ import annotations

import numpy as np
import pytest

from helmsight.tools.frames import HEAD, MARK, FrameWriter, read_frames, whole_frames


def test_drawn_frames_come_back_exactly(tmp_path, frame):
    writer = FrameWriter(tmp_path / "frames.h264")
    frames = [frame(index) for index in range(5)]
    for picture in frames:
        writer.add(picture)
    writer.close()
    back = list(read_frames(tmp_path / "frames.h264"))
    assert writer.count == 5
    assert writer.quantiser == 0
    assert all(np.array_equal(a, b) for a, b in zip(frames, back, strict=True))


def test_noisy_frames_come_back_close_and_small(tmp_path, monkeypatch):
    monkeypatch.setattr("helmsight.tools.frames.FIRST_FRAME_BYTES", 40_000)
    rng = np.random.default_rng(0)
    frames = rng.integers(90, 120, (3, 144, 256, 3), dtype=np.uint8)
    writer = FrameWriter(tmp_path / "frames.h264")
    for picture in frames:
        writer.add(picture)
    writer.close()
    back = np.array(list(read_frames(tmp_path / "frames.h264")))
    assert writer.quantiser > 0
    assert (tmp_path / "frames.h264").stat().st_size < 3 * 40_000
    assert np.abs(back.astype(int) - frames).mean() < 6


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_cut_stream_gives_the_frames_before_the_cut(tmp_path, frame, cut):
    path = tmp_path / "frames.h264"
    writer = FrameWriter(path)
    sizes = []
    for index in range(4):
        writer.add(frame(index))
        sizes.append(path.stat().st_size)
    writer.close()
    path.write_bytes(path.read_bytes()[: sizes[2] - min(cut, sizes[2] - sizes[1] - 1)])
    back = list(read_frames(path, limit=2))
    assert len(back) == 2
    assert np.array_equal(back[1], frame(1))


def test_no_file_and_no_limit_left_give_no_frames(tmp_path, frame):
    assert list(read_frames(tmp_path / "missing.h264")) == []
    (tmp_path / "noise.h264").write_bytes(b"not a stream" * 20)
    assert list(read_frames(tmp_path / "noise.h264")) == []


@pytest.fixture
def film(tmp_path, frame):
    """Return a function that appends the frames of some steps to a stream, and its path."""
    path = tmp_path / "frames.h264"

    def add(steps, keep=0, change=lambda picture: picture):
        writer = FrameWriter(path, keep)
        for index in steps:
            writer.add(change(frame(index)))
        writer.close()
        return path

    return add


@pytest.mark.parametrize("joins", [[1, 2], [4], [1, 5, 6]])
def test_a_stream_that_goes_on_gives_every_frame_once(film, frame, joins):
    for start, stop in zip([0, *joins], [*joins, 8], strict=True):
        path = film(range(start, stop), keep=start)
    back = list(read_frames(path))
    assert len(back) == 8
    assert all(np.array_equal(picture, frame(index)) for index, picture in enumerate(back))


def test_a_stream_of_noise_goes_on_as_well(film, monkeypatch):
    monkeypatch.setattr("helmsight.tools.frames.FIRST_FRAME_BYTES", 10_000)
    rng = np.random.default_rng(0)
    noise = rng.integers(90, 120, (6, 96, 160, 3), dtype=np.uint8)
    pictures = iter(noise)
    film(range(3), change=lambda picture: next(pictures))
    back = np.array(list(read_frames(film(range(3), 3, lambda picture: next(pictures)))))
    assert np.abs(back.astype(int) - noise).mean() < 8


@pytest.mark.parametrize("left", [0.0, 0.001, 0.4, 0.999])
def test_a_frame_that_was_cut_off_is_none_and_is_replaced(film, frame, left):
    path = film(range(3))
    whole = path.stat().st_size
    film([3], keep=3)
    path.write_bytes(path.read_bytes()[: whole + int(left * (path.stat().st_size - whole))])
    assert whole_frames(path) == (3, whole)
    assert len(list(read_frames(path))) == 3
    back = list(read_frames(film(range(3, 6), keep=4)))
    assert len(back) == 6
    assert all(np.array_equal(picture, frame(index)) for index, picture in enumerate(back))


def test_a_first_frame_that_was_cut_off_is_none(film, frame):
    path = film([0])
    path.write_bytes(path.read_bytes()[:-1])
    assert list(read_frames(path)) == []
    assert np.array_equal(next(read_frames(film([1], keep=1))), frame(1))


def test_no_more_frames_are_kept_than_there_are_steps(film, frame):
    film(range(5))
    back = list(read_frames(film([7], keep=2)))
    assert len(back) == 3
    assert np.array_equal(back[2], frame(7))


def test_streams_of_older_versions_are_read_and_are_not_gone_on_with(film, frame):
    path = film(range(4))
    path.write_bytes(path.read_bytes().removeprefix(HEAD).replace(MARK, b""))
    assert whole_frames(path) is None
    back = list(read_frames(path, limit=3))
    assert len(back) == 3
    assert np.array_equal(back[2], frame(2))
    assert FrameWriter(path, keep=4).count == 0


def test_frames_that_nobody_may_write_to_or_that_are_views_are_taken(film, frame):
    def view(picture):
        picture.setflags(write=False)
        return picture[:, ::-1][:, ::-1][::2]

    back = list(read_frames(film(range(2), change=view)))
    assert np.array_equal(back[1], frame(1)[::2])
