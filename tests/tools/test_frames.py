from __future__ import annotations

import numpy as np
import pytest

from helmsight.tools.frames import FrameWriter, read_frames


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
